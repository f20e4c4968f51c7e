import type { Texts } from "../texts";

export const projects: Texts["projects"] = {
  title: "Projekte",
  text: "Jedes ist eine Kampagne mit Richtlinien, Prompts, Personen und Runden.",
  create: "Neues Projekt",
  none: "Noch kein Projekt",
  noneText: "Sie sind in keinem Projekt. Legen Sie eines an oder bitten Sie die Projektleitung um eine Einladung.",
  noDescription: "Keine Beschreibung.",
  archived: "archiviert",
  name: "Name",
  shortName: "Kurzname",
  shortNameText: "Kleinbuchstaben, Ziffern und Bindestriche.",
  description: "Beschreibung",
  make: "Projekt anlegen",
};
