import type { PromptStyle } from "@/lib/models";

export type TurnRole = "system" | "user" | "assistant";

const HEADS: Record<PromptStyle, TurnRole[]> = {
  given: ["assistant"],
  plain: ["user", "assistant"],
  use_case: ["user", "assistant"],
  few_shot: ["system", "user", "assistant", "user", "assistant"], // an instruction and two requests at the least
};

/** A turn with who says it. */
export interface Turn {
  role: TurnRole;
  content: string;
}

/** The turns of a draft, with the empty ones that the style starts with. After the head, requests and answers alternate. */
export function turnsOf(style: PromptStyle, contents: string[]): Turn[] {
  const head = HEADS[style];
  const numTurns = Math.max(contents.length, head.length);
  const roleAt = (index: number): TurnRole => head[index] ?? ((index - head.length) % 2 ? "assistant" : "user");
  return Array.from({ length: numTurns }, (_, index) => ({ role: roleAt(index), content: contents[index] ?? "" }));
}

/** One more request and its answer. */
export function turnsGrow(turns: Turn[]): string[] {
  return [...turns.map(({ content }) => content), "", ""];
}

/** Without the last request and its answer; null where the style needs them. */
export function turnsShrink(style: PromptStyle, turns: Turn[]): string[] | null {
  return turns.length > HEADS[style].length ? turns.slice(0, -2).map(({ content }) => content) : null;
}

export function turnsAreWritten(turns: Turn[]): boolean {
  return turns.every(({ content }) => content.trim() !== "");
}
