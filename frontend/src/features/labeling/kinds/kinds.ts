import type { TaskKind } from "@/lib/models";

import type { LabelingKind } from "./answer-props";
import { chatKind } from "./chat/chat-kind";
import { demonstrationKind } from "./demonstration/demonstration-kind";
import { pairwiseKind } from "./pairwise/pairwise-kind";
import { rankingKind } from "./ranking/ranking-kind";
import { redTeamKind } from "./red_team/red-team-kind";

/** Every kind of work that a task may be. A new kind is one folder here and one line below. */
export const KINDS: Record<TaskKind, LabelingKind> = {
  demonstration: demonstrationKind,
  ranking: rankingKind,
  pairwise: pairwiseKind,
  chat: chatKind,
  red_team: redTeamKind,
};
