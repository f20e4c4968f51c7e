export type ChatHint = "start" | "writing" | "failed" | "failedFirst" | "judge" | "goOn" | "unsent" | "unlabelled" | "full" | "ready";

interface ChatFacts {
  numTurns: number;
  maxTurns: number;
  isWriting: boolean;
  hasFailed: boolean; // a reply of the last turn
  isVerdictMissing: boolean; // and needed
  isChosen: boolean; // which reply the chat goes on with
  isLabelled: boolean; // what is asked of the whole chat
  hasMessage: boolean; // written and not sent
}

/** What may be done next in a chat, and what to tell the labeler. */
export function stepOf(facts: ChatFacts): { canSay: boolean; canSubmit: boolean; hint: ChatHint } {
  const no = (hint: ChatHint) => ({ canSay: false, canSubmit: false, hint });
  if (facts.numTurns === 0) return { canSay: true, canSubmit: false, hint: "start" };
  if (facts.isWriting) return no("writing");
  if (facts.hasFailed && facts.numTurns === 1) return no("failedFirst");
  if (!facts.hasFailed && facts.isVerdictMissing) return no("judge");
  const isFull = facts.numTurns >= facts.maxTurns;
  const canSay = !facts.hasFailed && facts.isChosen && !isFull;
  if (facts.hasMessage && !isFull) return { canSay, canSubmit: false, hint: facts.hasFailed ? "failed" : facts.isChosen ? "unsent" : "goOn" };
  if (!facts.isLabelled) return { canSay, canSubmit: false, hint: "unlabelled" };
  return { canSay, canSubmit: true, hint: facts.hasFailed ? "failed" : isFull ? "full" : "ready" };
}
