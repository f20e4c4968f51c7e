import type { Texts } from "../texts";

export const pairwise: Texts["kinds"]["pairwise"] = {
  name: "Paarvergleich",
  title: "Welche ist besser?",
  waiting: "Paare zu vergleichen",
  shortcuts: [
    ["1 bis 8 (oder 9)", "Auf der Skala wählen, von A links bis B rechts"],
    ["Links / Rechts", "Die Wahl um eine Stufe verschieben"],
    ["X", "Beide sind schlecht"],
    ["Eingabe", "Absenden"],
    ["D", "Was zwei Antworten unterscheidet, Wort für Wort"],
    ["E", "Die Antwort zu einer besseren bearbeiten"],
  ],
  levels: {
    four_levels: ["unmerklich besser", "etwas besser", "besser", "viel besser"],
    nine_points: ["nicht besser", "kaum besser", "etwas besser", "besser", "viel besser"],
  },
  verdict: (letter, level) => `${letter} ist ${level}`,
  neither: "Keine ist besser",
  question: "Welche Antwort ist besser?",
  yourChoice: "Ihre Wahl",
  nothingChosen: "Noch ist nichts gewählt.",
  bothBad: "Beide sind schlecht",
  more: (letter) => `Bewertungen und Markierungen von ${letter}`,
};
