import { describe, expect, test } from "vitest";

import { wordDiff } from "./word-diff";

const text = (before: string, after: string) =>
  wordDiff(before, after)
    .map(({ kind, text }) => (kind === "same" ? text : kind === "added" ? `{+${text}+}` : `[-${text}-]`))
    .join("");

describe("the difference of two texts, word by word", () => {
  test("a changed word, a new one and one left out", () => {
    expect(text("The red lamp is on.", "The blue lamp is on.")).toBe("The [-red-]{+blue+} lamp is on.");
    expect(text("A lamp.", "A brass lamp.")).toBe("A {+brass +}lamp.");
    expect(text("A big brass lamp.", "A brass lamp.")).toBe("A [-big -]brass lamp.");
  });

  test("marks and letters of other scripts are words of their own", () => {
    expect(text("Ja, gern.", "Ja! gern.")).toBe("Ja[-,-]{+!+} gern.");
    expect(text("Größe zählt", "Größe hilft")).toBe("Größe [-zählt-]{+hilft+}");
  });

  test("equal and empty texts", () => {
    expect(wordDiff("same", "same")).toEqual([{ kind: "same", text: "same" }]);
    expect(wordDiff("", "new")).toEqual([{ kind: "added", text: "new" }]);
    expect(wordDiff("", "")).toEqual([]);
  });

  test("the parts make both texts again, whatever they are", () => {
    let seed = 7;
    const next = (limit: number) => (seed = (seed * 48271) % 2147483647) % limit;
    const words = ["a", "lamp", "\n\n", "  ", "on", "-", "**b**", "é"];
    for (let round = 0; round < 200; round += 1) {
      const make = () => Array.from({ length: next(30) }, () => words[next(words.length)]).join(" ");
      const [before, after] = [make(), make()];
      const parts = wordDiff(before, after);
      const kept = (kind: string) => parts.filter((part) => part.kind !== kind).map((part) => part.text).join("");
      expect([kept("added"), kept("removed")]).toEqual([before, after]);
    }
  });

  test("texts of four thousand words take less than two seconds", () => {
    const long = (word: string) => Array.from({ length: 4000 }, (_, index) => (index % 3 ? `w${index}` : word)).join(" ");
    const started = performance.now();
    wordDiff(long("x"), long("y"));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
