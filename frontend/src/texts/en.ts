import type { TaskKind } from "@/lib/models";

import { account } from "./en/account";
import { chat } from "./en/chat";
import { common } from "./en/common";
import { demonstration } from "./en/demonstration";
import { entry } from "./en/entry";
import { errors } from "./en/errors";
import { figures } from "./en/figures";
import { home } from "./en/home";
import { menu } from "./en/menu";
import { notice } from "./en/notice";
import { pairwise } from "./en/pairwise";
import { projects } from "./en/projects";
import { ranking } from "./en/ranking";
import { red_team } from "./en/red-team";
import { task } from "./en/task";

const kinds = { demonstration, ranking, pairwise, chat, red_team } satisfies Record<TaskKind, unknown>;

export const en = { account, common, entry, errors, figures, home, kinds, menu, notice, projects, task };
