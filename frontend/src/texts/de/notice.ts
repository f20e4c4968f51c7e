import type { Texts } from "../texts";

export const notice: Texts["notice"] = {
  open: "Was aufgezeichnet wird",
  title: "Was beim Schreiben aufgezeichnet wird, und warum",
  why: "Modelle lernen, wie Sie zu schreiben; darum muss das Projekt wissen, wie die Worte entstanden sind. Mit jeder Antwort sendet die Seite:",
  recorded: [
    "wie lange Sie daran gearbeitet und wie lange davon Sie getippt haben,",
    "welcher Anteil der Zeichen eingefügt wurde,",
    "wie oft Sie etwas gelöscht oder ersetzt haben,",
    "und, wo das Projekt danach fragt, was Sie über Hilfe durch KI angeben.",
  ],
  never: "Was Sie tippen, löschen oder einfügen, wird nicht Taste für Taste aufgezeichnet: bis zum Absenden bleibt nur Ihr Entwurf, danach die Antwort. Außerhalb der Aufgabe wird nichts angesehen.",
  who: "Sie und alle, die das Projekt führen, sehen die Zahlen, und sie werden mit der Antwort exportiert. Einfügen ist erlaubt: aus einer Zahl folgt nichts von selbst.",
  asksAi: "Dieses Projekt fragt nach jeder Antwort, ob KI geholfen hat. Sagen Sie, was stimmt; alle drei Antworten sind willkommen.",
  read: "Gelesen",

  aiTitle: "Hat KI bei dieser Antwort geholfen?",
  aiText: "Jede dieser Antworten ist willkommen.",
  aiChoices: {
    none: "Nein",
    help: "Ja, bei Ideen, Fakten oder Rechtschreibung; die Worte sind von mir",
    text: "Ja, manche Worte sind von einer KI",
  },

  mine: "Wie Ihre Antworten entstanden sind",
  mineText: "Was beim Schreiben aufgezeichnet wird, über Ihre Antworten mit Text.",
  mineNone: "Noch ist nichts aufgezeichnet.",
  typing: "Getippt, im Mittel",
  pasted: "Eingefügt, im Durchschnitt",
  edits: "Gelöscht oder ersetzt, im Mittel",
  times: (number) => `${number}-mal`,
  declared: "Ihre Angaben zu KI",
  declaredText: (none, help, text) => `${none} ohne, ${help} als Hilfe, ${text} mit ihren Worten`,
};
