import type { Texts } from "../texts";

export const common: Texts["common"] = {
  loading: "Wird geladen",
  notLoaded: "Das konnte nicht geladen werden",
  emptyReply: "Die Antwort war leer.",
  tryAgain: "Noch einmal versuchen",
  goBack: "Zurück",
  close: "Schließen",
  copy: "Kopieren",
  copied: "Kopiert",
  showMore: "Mehr zeigen",
  view: "Ansicht",
  nothingOpen: "Zurzeit ist nichts offen",
  pageBroke: "Diese Seite funktioniert nicht mehr",
  reload: "Seite neu laden",
  noSuchPage: "Diese Seite gibt es nicht",
  noSuchPageText: "Die Adresse ist vielleicht veraltet oder enthält einen Tippfehler.",
  toStart: "Zur Startseite",
  imageLeftOut: (alt) => `[Bild: ${alt || "ohne Beschreibung"}]`,
  roles: { labeler: "Bewertung", manager: "Leitung", engineer: "Technik" },
};
