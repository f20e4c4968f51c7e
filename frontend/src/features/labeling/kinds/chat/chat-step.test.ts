import { describe, expect, test } from "vitest";

import { stepOf } from "./chat-step";

const WRITTEN = {
  numTurns: 2,
  maxTurns: 5,
  isWriting: false,
  hasFailed: false,
  isVerdictMissing: false,
  isChosen: true,
  isLabelled: true,
  hasMessage: false,
};

describe("what may be done next in a chat", () => {
  test("a chat begins with a message", () => {
    expect(stepOf({ ...WRITTEN, numTurns: 0 })).toEqual({ canSay: true, canSubmit: false, hint: "start" });
  });

  test("nothing is sent or submitted while replies are written or wait for a verdict", () => {
    expect(stepOf({ ...WRITTEN, isWriting: true })).toEqual({ canSay: false, canSubmit: false, hint: "writing" });
    expect(stepOf({ ...WRITTEN, isVerdictMissing: true })).toEqual({ canSay: false, canSubmit: false, hint: "judge" });
  });

  test("a judged turn goes on or ends the chat; a message that was not sent is not lost by submitting", () => {
    expect(stepOf(WRITTEN)).toEqual({ canSay: true, canSubmit: true, hint: "ready" });
    expect(stepOf({ ...WRITTEN, hasMessage: true })).toEqual({ canSay: true, canSubmit: false, hint: "unsent" });
  });

  test("where neither is preferred the labeler says how it goes on, or ends it", () => {
    expect(stepOf({ ...WRITTEN, isChosen: false, hasMessage: true })).toEqual({ canSay: false, canSubmit: false, hint: "goOn" });
    expect(stepOf({ ...WRITTEN, isChosen: false })).toEqual({ canSay: false, canSubmit: true, hint: "ready" });
  });

  test("after the last turn there is only submitting, whatever is still in the field", () => {
    expect(stepOf({ ...WRITTEN, numTurns: 5, hasMessage: true })).toEqual({ canSay: false, canSubmit: true, hint: "full" });
  });

  test("a failed turn is left out, unless it is the only one", () => {
    expect(stepOf({ ...WRITTEN, hasFailed: true, isVerdictMissing: true })).toEqual({ canSay: false, canSubmit: true, hint: "failed" });
    expect(stepOf({ ...WRITTEN, hasFailed: true, numTurns: 1 }).canSubmit).toBe(false);
  });

  test("a red team's chat needs its labels", () => {
    expect(stepOf({ ...WRITTEN, isLabelled: false })).toEqual({ canSay: true, canSubmit: false, hint: "unlabelled" });
  });
});
