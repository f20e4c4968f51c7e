import { formatPercent, formatSeconds } from "@/lib/format";
import type { PromptDetail } from "@/lib/models";

type Made = Pick<PromptDetail["demonstrations"][number], "typing_seconds" | "pasted_share" | "num_edits" | "ai_use">;

const AI_USE = { none: "no AI", help: "AI for help", text: "words of an AI" };

/** How an answer was made, as far as it was recorded: "typed 31 s, 25% pasted, taken back 7 times, AI for help". */
export function provenanceText({ typing_seconds, pasted_share, num_edits, ai_use }: Made): string {
  const isWritten = typing_seconds !== null && pasted_share !== null && typing_seconds + pasted_share > 0;
  return [
    isWritten && `typed ${formatSeconds(typing_seconds)}`,
    isWritten && `${formatPercent(pasted_share)} pasted`,
    isWritten && `taken back ${num_edits} times`,
    ai_use && AI_USE[ai_use],
  ]
    .filter(Boolean)
    .join(", ");
}
