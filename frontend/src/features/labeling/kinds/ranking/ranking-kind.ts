import type { LabelingKind } from "../answer-props";
import { RankingTask } from "./ranking-task";

export const rankingKind: LabelingKind = { Task: RankingTask };
