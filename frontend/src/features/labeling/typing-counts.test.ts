import { expect, test } from "vitest";

import { countInput, countsRead, NO_TYPING, typingOf } from "./typing-counts";

const inputs = (...given: [type: string, length: number, gap: number][]) =>
  given.reduce(
    ({ counts, removal }, [type, length, gap]) => ({
      counts: countInput(counts, type, length, gap, removal),
      removal: type.startsWith("delete"),
    }),
    { counts: NO_TYPING, removal: false },
  ).counts;

test("typed and pasted characters make the share", () => {
  const counts = inputs(["insertText", 1, 200], ["insertText", 1, 200], ["insertLineBreak", 1, 200], ["insertFromPaste", 9, 400]);
  expect(typingOf(counts)).toEqual({ typing_seconds: 0.6, pasted_share: 0.75, num_edits: 0 });
});

test("a pause is no typing time, and a paste takes none", () => {
  expect(inputs(["insertText", 1, 5001], ["insertText", 1, 5000], ["insertFromPaste", 4, 300]).milliseconds).toBe(5000);
});

test("a run of deletions is one edit, and a replacement is one", () => {
  const counts = inputs(
    ["deleteContentBackward", 0, 100],
    ["deleteContentBackward", 0, 100],
    ["insertText", 1, 100],
    ["deleteWordBackward", 0, 100],
    ["insertReplacementText", 5, 100],
  );
  expect(counts.edits).toBe(3);
});

test("nothing written is nothing pasted", () => {
  expect(typingOf(countsRead(undefined))).toEqual({ typing_seconds: 0, pasted_share: 0, num_edits: 0 });
});
