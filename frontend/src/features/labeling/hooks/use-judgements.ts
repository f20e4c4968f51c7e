import { useMemo } from "react";

import type { ShownCompletion, ShownSchema } from "@/lib/task-models";

import type { AnswerDraft } from "../draft-store";
import type { AnswerProps, DraftChange } from "../kinds/answer-props";
import { letterOf } from "../kinds/ranking/ranks";

/** The completions of a task in the order in which every labeler sees them. */
export function useShownCompletions(completions: ShownCompletion[]): ShownCompletion[] {
  return useMemo(() => [...completions].sort((a, b) => a.position - b.position), [completions]);
}

/** Reads and changes what is said of one completion. */
export function judgementOf({ draft, change }: { draft: AnswerDraft; change: DraftChange }, id: number) {
  return {
    ratings: draft.ratings[id] ?? {},
    flags: draft.flags[id] ?? [],
    onRate: (axis: string, value: number) =>
      change((previous) => ({ ratings: { ...previous.ratings, [id]: { ...previous.ratings[id], [axis]: value } } })),
    onFlag: (keys: string[]) => change((previous) => ({ flags: { ...previous.flags, [id]: keys } })),
  };
}

/** Letters of the completions that lack a rating which the schema requires. */
export function lettersUnrated(shown: number[], schema: ShownSchema, ratings: AnswerDraft["ratings"]): string[] {
  const required = schema.axes.filter((axis) => axis.is_required);
  return shown.flatMap((id, index) => (required.every(({ key }) => ratings[id]?.[key] !== undefined) ? [] : [letterOf(index)]));
}

export type JudgementProps = Pick<AnswerProps, "draft" | "change">;
