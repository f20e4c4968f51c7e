import { describe, expect, test } from "vitest";

import { turnsAreWritten, turnsGrow, turnsOf, turnsShrink } from "./turns";

const roles = (style: Parameters<typeof turnsOf>[0], contents: string[]) => turnsOf(style, contents).map(({ role }) => role[0]);

describe("the turns of a demonstration", () => {
  test("a given prompt starts with the answer, a written one with the request", () => {
    expect(roles("given", [])).toEqual(["a"]);
    expect(roles("plain", [])).toEqual(["u", "a"]);
    expect(roles("use_case", ["x", "y", "z", "w"])).toEqual(["u", "a", "u", "a"]);
  });

  test("a few-shot prompt is an instruction and two requests at the least", () => {
    expect(roles("few_shot", [])).toEqual(["s", "u", "a", "u", "a"]);
  });

  test("growing adds a request and an answer, shrinking never goes below the style", () => {
    const grown = turnsGrow(turnsOf("given", ["one"]));
    expect(roles("given", grown)).toEqual(["a", "u", "a"]);
    expect(turnsShrink("given", turnsOf("given", grown))).toEqual(["one"]);
    expect(turnsShrink("given", turnsOf("given", ["one"]))).toBeNull();
  });

  test("blanks are not written", () => {
    expect(turnsAreWritten(turnsOf("plain", ["Hello", "  "]))).toBe(false);
    expect(turnsAreWritten(turnsOf("plain", ["Hello", "Hi"]))).toBe(true);
  });
});
