import type { LabelingKind } from "../answer-props";
import { RedTeamTask } from "./red-team-task";

export const redTeamKind: LabelingKind = { Task: RedTeamTask };
