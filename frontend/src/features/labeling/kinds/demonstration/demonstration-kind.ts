import type { LabelingKind } from "../answer-props";
import { DemonstrationTask } from "./demonstration-task";

export const demonstrationKind: LabelingKind = {
  title: "Write the answer",
  waiting: "Answers to write",
  shortcuts: [],
  Task: DemonstrationTask,
};
