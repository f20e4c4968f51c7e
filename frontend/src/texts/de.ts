import { account } from "./de/account";
import { chat } from "./de/chat";
import { common } from "./de/common";
import { demonstration } from "./de/demonstration";
import { entry } from "./de/entry";
import { errors } from "./de/errors";
import { figures } from "./de/figures";
import { home } from "./de/home";
import { menu } from "./de/menu";
import { notice } from "./de/notice";
import { pairwise } from "./de/pairwise";
import { projects } from "./de/projects";
import { ranking } from "./de/ranking";
import { red_team } from "./de/red-team";
import { task } from "./de/task";
import type { Texts } from "./texts";

const kinds: Texts["kinds"] = { demonstration, ranking, pairwise, chat, red_team };

export const de: Texts = { account, common, entry, errors, figures, home, kinds, menu, notice, projects, task };
