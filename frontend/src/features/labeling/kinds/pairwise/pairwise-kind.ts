import type { LabelingKind } from "../answer-props";
import { PairwiseTask } from "./pairwise-task";

export const pairwiseKind: LabelingKind = { Task: PairwiseTask };
