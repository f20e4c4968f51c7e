import { expect, test } from "vitest";

import { estimateText, figure, percent } from "./estimates";

test("an estimate is written with its interval and what is behind it", () => {
  expect(estimateText({ value: 0.724, low: 0.69, high: 0.751, n: 1204, num_items: 88 }, percent)).toBe(
    "72% [69%, 75%], n = 1,204",
  );
});

test("too few prompts give no interval, and nothing compared says so", () => {
  expect(estimateText({ value: 0.5, low: null, high: null, n: 3, num_items: 2 }, figure)).toBe("0.50, n = 3");
  expect(estimateText({ value: null, low: null, high: null, n: 0, num_items: 0 }, figure)).toBe("nothing to compare");
});
