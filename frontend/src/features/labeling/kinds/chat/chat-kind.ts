import type { LabelingKind } from "../answer-props";
import { ChatTask } from "./chat-task";

export const chatKind: LabelingKind = { Task: ChatTask };
