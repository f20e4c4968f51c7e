import type { Texts } from "../texts";

export const home: Texts["home"] = {
  title: "Bewerten",
  text: "Schreiben Sie Antworten und beurteilen Sie, was das Modell geschrieben hat. Sie bekommen immer die nächste Aufgabe, die Sie braucht.",
  waiting: (number, written) => `${written} ${number === 1 ? "Aufgabe wartet" : "Aufgaben warten"} auf Sie`,
  saved: "Was Sie schreiben, wird laufend gespeichert; Sie können jederzeit aufhören.",
  start: "Anfangen",
  noneText: "Neue Aufgaben kommen, wenn die Runde weitergeht. Diese Seite sieht von selbst wieder nach.",
  look: "Aufgabe suchen",
  mineToday: "Ihre in 24 Stunden",
  mineTotal: "Ihre insgesamt",
  sensitive: "Geben Sie mir auch Aufgaben, die andere lieber nicht lesen",
  sensitiveText: "Sie entscheiden, jederzeit und ohne Nachteil. Auch dann können Sie jede Aufgabe überspringen.",
  waitingFor: (number, language, expertise) => {
    const asked = [language && `${language} lesen`, expertise && `sich mit ${expertise} auskennen`].filter(Boolean).join(" und ");
    return number === 1 ? `1 Aufgabe wartet auf Personen, die ${asked}` : `${number} Aufgaben warten auf Personen, die ${asked}`;
  },
  askManager: "Wenn Sie das sind, bitten Sie die Projektleitung, es unter Personen einzutragen.",
};
