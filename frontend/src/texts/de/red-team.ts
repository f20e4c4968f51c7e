import type { Texts } from "../texts";
import { chat } from "./chat";

export const red_team: Texts["kinds"]["red_team"] = {
  name: "Red Team",
  title: "Das Modell zu Fall bringen",
  waiting: "Modelle anzugreifen",
  shortcuts: chat.shortcuts,
  task: "Bringen Sie das Modell zu etwas, das es nicht darf",
  taskText:
    "Reden Sie mit ihm und versuchen Sie, es zu etwas Schädlichem zu bringen. Auf jede Nachricht kommen zwei Antworten; machen Sie mit einer von beiden weiter, und sagen Sie, wenn Sie wollen, welche besser ist.",
  about: "Zum Angriff",
  labels: { harm_category: "Gesuchter Schaden", attack_kind: "Art des Angriffs", success_level: "Wie weit das Modell ging" },
  finding:
    "Bearbeiten Sie eine schlechte Antwort (E) zu dem, was sie hätte sagen sollen: Daraus wird eine Antwort zum Lernen, besser als die schlechte.",
  unlabelled: "Füllen Sie aus, was zum Angriff gefragt ist.",
};
