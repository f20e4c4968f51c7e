import type { Texts } from "../texts";

/** By the code of an error. A code that is not here is shown in the server's own words. */
const BY_CODE: Record<string, string> = {
  network: "Der Server ist nicht erreichbar. Prüfen Sie die Verbindung; Ihre Arbeit bleibt erhalten.",
  unexpected: "Der Server hat unerwartet geantwortet. Versuchen Sie es gleich noch einmal.",
  not_signed_in: "Sie sind nicht mehr angemeldet. Melden Sie sich wieder an; Ihr Entwurf bleibt erhalten.",
  wrong_credentials: "Name oder Passwort ist falsch, oder das Konto ist gesperrt.",
  throttled: "Zu viele Versuche. Warten Sie eine Minute und versuchen Sie es dann wieder.",
  unavailable: "Das ist gerade nicht möglich. Versuchen Sie es gleich noch einmal.",
  invalid_answer: "Die Antwort ist unvollständig oder passt nicht zur Aufgabe. Prüfen Sie Ihre Angaben.",
  lease_lost: "Diese Aufgabe gehört nicht mehr Ihnen oder ist in einem anderen Tab offen. Ihr Entwurf bleibt erhalten.",
  idempotency_conflict: "Zu dieser Aufgabe ist schon eine andere Antwort unterwegs. Laden Sie die Seite neu.",
  not_found: "Das gibt es nicht, oder Sie dürfen es nicht sehen.",
  forbidden: "Ihre Rechte in diesem Projekt reichen dafür nicht aus.",
};

export const errors: Texts["errors"] = {
  text: (code, message) => BY_CODE[code] ?? message,
};
