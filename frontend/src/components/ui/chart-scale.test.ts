import { expect, test } from "vitest";

import { niceTicks } from "./chart-scale";

const written = (ticks: number[]) => ticks.map((tick) => Number(tick.toPrecision(6)));

test("ticks are round numbers that cover the values", () => {
  expect(written(niceTicks(0.62, 0.97, 4))).toEqual([0.6, 0.7, 0.8, 0.9, 1]);
  expect(written(niceTicks(0, 3, 4))).toEqual([0, 1, 2, 3]);
});

test("an axis of shares ends at 0 and 1, whatever room the values would like", () => {
  expect(written(niceTicks(1, 1, 4))).toContain(1.1);
  expect(written(niceTicks(1, 1, 4, [0, 1]))).toEqual([0.9, 0.95, 1]);
  expect(written(niceTicks(0.71, 1 + 1e-12, 4, [0, 1])).at(-1)).toBe(1);
  expect(written(niceTicks(0, 0, 4, [0, 1]))[0]).toBe(0);
});
