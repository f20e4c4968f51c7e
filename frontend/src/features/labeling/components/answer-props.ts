import type { Assignment, TaskAnswer } from "@/lib/task-models";

import type { AnswerDraft } from "../draft-store";

/** What the two kinds of task share. */
export interface AnswerProps {
  assignment: Assignment;
  draft: AnswerDraft;
  change: (part: Partial<AnswerDraft> | ((previous: AnswerDraft) => Partial<AnswerDraft>)) => void;
  submit: (answer: TaskAnswer) => void;
  isSending: boolean;
  isLost: boolean;
}
