/** Counts of how text came about, for the provenance of an answer. They never hold what was written. */
export interface TypingCounts {
  milliseconds: number;
  typed: number; // characters
  pasted: number;
  edits: number; // how often text was deleted or replaced; a run of deletions is one
}

export const NO_TYPING: TypingCounts = { milliseconds: 0, typed: 0, pasted: 0, edits: 0 };
const PAUSE_MS = 5000; // whoever does not touch a key for longer is thinking, not typing

/** One change of a text field, by its `inputType` (Input Events Level 2), `length` characters long, `gap` ms after the one before. */
export function countInput(counts: TypingCounts, inputType: string, length: number, gap: number, wasRemoval: boolean): TypingCounts {
  const isPasted = inputType === "insertFromPaste" || inputType === "insertFromDrop" || inputType === "insertFromYank";
  const isEdit = (isRemoval(inputType) && !wasRemoval) || inputType === "insertReplacementText";
  return {
    milliseconds: counts.milliseconds + (isPasted || gap > PAUSE_MS ? 0 : gap),
    typed: counts.typed + (inputType.startsWith("insert") && !isPasted ? length : 0),
    pasted: counts.pasted + (isPasted ? length : 0),
    edits: counts.edits + (isEdit ? 1 : 0),
  };
}

export function isRemoval(inputType: string): boolean {
  return inputType.startsWith("delete") || inputType.startsWith("history");
}

/** The counts of a draft; a draft of an older page has none. */
export function countsRead(given: unknown): TypingCounts {
  return { ...NO_TYPING, ...(typeof given === "object" ? given : {}) };
}

/** What is sent with the answer. */
export function typingOf({ milliseconds, typed, pasted, edits }: TypingCounts) {
  const all = typed + pasted;
  return { typing_seconds: milliseconds / 1000, pasted_share: all === 0 ? 0 : pasted / all, num_edits: edits };
}
