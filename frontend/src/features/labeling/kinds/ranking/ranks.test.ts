import { describe, expect, test } from "vitest";

import { idsUnplaced, orderText, rankInsert, rankMove, ranksByRating, ranksDense, rankSet, rankTie } from "./ranks";

const SHOWN = [41, 7, 19];

describe("an order with ties", () => {
  test("nothing is placed until the labeler places it", () => {
    expect(idsUnplaced({}, SHOWN)).toEqual(SHOWN);
    expect(orderText({}, SHOWN)).toBe("");
  });

  test("two completions given the same digit tie", () => {
    const ranks = rankSet(rankSet(rankSet({}, 41, 2), 7, 1), 19, 2);
    expect(orderText(ranks, SHOWN)).toBe("B > A = C");
  });

  test("rows without holes keep order and ties", () => {
    expect(ranksDense({ 41: 5, 7: 2, 19: 2 })).toEqual({ 41: 2, 7: 1, 19: 1 });
  });

  test("an insertion between rows moves the worse ones down", () => {
    expect(rankInsert({ 41: 1, 7: 2 }, 19, 2, 3)).toEqual({ 41: 1, 7: 3, 19: 2 });
  });

  test("an insertion never leaves the rows that exist", () => {
    expect(rankInsert({ 41: 1, 7: 2, 19: 3 }, 41, 3, 3)).toEqual({ 41: 2, 7: 1, 19: 3 });
  });

  test("a tie joins the nearest better row", () => {
    expect(rankTie({ 41: 1, 7: 2, 19: 4 }, 19)).toEqual({ 41: 1, 7: 2, 19: 2 });
  });

  test("a tie of one not placed joins the worst row", () => {
    expect(rankTie({ 41: 1, 7: 2 }, 19)).toEqual({ 41: 1, 7: 2, 19: 2 });
  });

  test("the best has nobody above to tie with", () => {
    expect(rankTie({ 41: 1, 7: 2 }, 41)).toEqual({ 41: 1, 7: 2 });
  });

  test("a move stops at the first and at the last row", () => {
    expect(rankMove({ 41: 1 }, 41, -1, 3)).toEqual({ 41: 1 });
    expect(rankMove({ 41: 3 }, 41, 1, 3)).toEqual({ 41: 3 });
  });

  test("ratings place the highest first and tie equal ones, once all are rated", () => {
    const ratings: Record<number, number> = { 41: 5, 7: 2 };
    expect(ranksByRating(SHOWN, (id) => ratings[id])).toBeNull();
    ratings[19] = 5;
    expect(ranksByRating(SHOWN, (id) => ratings[id])).toEqual({ 41: 1, 7: 2, 19: 1 });
  });
});
