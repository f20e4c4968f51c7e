import { describe, expect, test } from "vitest";

import { pairwise } from "@/texts/en/pairwise";

import { ranksOfStep, stepAt, stepMove, stepsOf } from "./scale";

const SHOWN = [41, 7] as const;

describe("the scale of a pair", () => {
  test("four levels are eight steps and have no middle", () => {
    const steps = stepsOf("four_levels", pairwise);
    expect(steps.map(({ strength }) => strength)).toEqual([3, 2, 1, 0, 0, 1, 2, 3]);
    expect(steps.map(({ preferred }) => preferred).join("")).toBe("AAAABBBB");
  });

  test("nine points have a middle that prefers neither", () => {
    const steps = stepsOf("nine_points", pairwise);
    expect(steps.map(({ strength }) => strength)).toEqual([4, 3, 2, 1, 0, 1, 2, 3, 4]);
    expect(steps[4]?.preferred).toBeNull();
  });

  test.each(["four_levels", "nine_points"] as const)("a step of %s is found again from what it stores", (scale) => {
    const steps = stepsOf(scale, pairwise);
    steps.forEach((step, index) => expect(stepAt(steps, ranksOfStep(step, SHOWN), step.strength, SHOWN)).toBe(index));
  });

  test("nothing is chosen until somebody chooses", () => {
    expect(stepAt(stepsOf("four_levels", pairwise), {}, 0, SHOWN)).toBeNull();
  });

  test("arrows start beside the middle and stop at the ends", () => {
    expect([stepMove(null, -1, 8), stepMove(null, 1, 8)]).toEqual([3, 4]);
    expect([stepMove(null, -1, 9), stepMove(null, 1, 9)]).toEqual([3, 5]);
    expect([stepMove(0, -1, 8), stepMove(7, 1, 8)]).toEqual([0, 7]);
  });
});
