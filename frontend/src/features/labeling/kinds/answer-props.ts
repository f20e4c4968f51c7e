import type { ComponentType } from "react";

import type { Assignment, TaskAnswer } from "@/lib/task-models";

import type { AnswerDraft } from "../draft-store";

export type DraftChange = (part: Partial<AnswerDraft> | ((previous: AnswerDraft) => Partial<AnswerDraft>)) => void;

/** What a task of any kind gets from the page around it. */
export interface AnswerProps {
  assignment: Assignment;
  draft: AnswerDraft;
  change: DraftChange;
  submit: (answer: TaskAnswer) => void;
  isSending: boolean;
  isLost: boolean;
}

/** A kind of work as the pages know it; its words are in src/texts. */
export interface LabelingKind {
  Task: ComponentType<AnswerProps>;
}
