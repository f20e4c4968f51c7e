import { describe, expect, it } from "vitest";

import { humanize } from "./format";

describe("humanize", () => {
  it("writes names of options as words, and what is an abbreviation as one", () => {
    const names = ["max_new_tokens", "ema_decay", "target_kl", "lora_rank"].map(humanize);
    expect(names).toEqual(["Max new tokens", "EMA decay", "Target KL", "LoRA rank"]);
  });
});
