import type { Texts } from "../texts";

export const demonstration: Texts["kinds"]["demonstration"] = {
  name: "Vorbild",
  title: "Die Antwort schreiben",
  waiting: "Antworten zu schreiben",
  shortcuts: [],
  briefs: {
    plain: {
      title: "Schreiben Sie eine eigene Anfrage und die Antwort dazu",
      text: "Irgendeine Aufgabe, die jemand stellen könnte. Sie soll anders sein als das, was Sie schon geschrieben haben.",
    },
    few_shot: {
      title: "Schreiben Sie eine Anweisung mit mehreren Anfragen und Antworten",
      text: "Die Anweisung gilt für jede Anfrage darunter. Mindestens zwei Anfragen; jede Antwort zeigt, wie es gemacht wird.",
    },
    use_case: { title: "Schreiben Sie eine Anfrage für diesen Anwendungsfall und die Antwort dazu", text: "" },
  },
  turns: {
    system: { label: "Anweisung", placeholder: "Was jede Anfrage darunter verlangt." },
    user: { label: "Die Person fragt", placeholder: "Schreiben Sie die Anfrage." },
    assistant: { label: "Ihre Antwort, in Markdown", placeholder: "Schreiben Sie die Antwort, die der Assistent geben soll." },
  },
  yourAnswer: "Ihre Antwort",
  write: "Schreiben",
  preview: "Vorschau",
  nothingWritten: "Noch ist nichts geschrieben.",
  words: (number, written) => `${written} ${number === 1 ? "Wort" : "Wörter"}`,
  anotherRequest: "Noch eine Anfrage",
  goOn: "Das Gespräch fortsetzen",
  removeLast: "Die letzten beiden entfernen",
  aboutPrompt: "Zum Prompt",
  useCase: "Anwendungsfall",
  promptFlags: "Markierungen des Prompts",
  notesText: "Nicht Teil der Antwort.",
  ready: "Absenden mit Strg + Eingabe",
  toWrite: "Schreiben Sie eine Antwort, um abzusenden",
  toFill: "Füllen Sie jeden Teil aus, um abzusenden",
};
