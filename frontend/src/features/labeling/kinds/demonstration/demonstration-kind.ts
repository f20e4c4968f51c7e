import type { LabelingKind } from "../answer-props";
import { DemonstrationTask } from "./demonstration-task";

export const demonstrationKind: LabelingKind = { Task: DemonstrationTask };
