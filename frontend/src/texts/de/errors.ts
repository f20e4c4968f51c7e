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
  invalid: "Etwas in Ihren Angaben passt noch nicht.",
  conflict: "Das hat sich inzwischen geändert. Laden Sie die Seite neu.",
  unstorable: "Der Text enthält ein Zeichen, das sich nicht speichern lässt. Entfernen Sie es und senden Sie den Rest noch einmal.",
  too_large: "Das ist zu groß, um es auf einmal zu senden. Teilen Sie es auf.",
  csrf_failed: "Die Seite ist veraltet. Laden Sie sie neu und versuchen Sie es noch einmal.",
  chat_went_on: "Dieser Chat ging in einem anderen Tab weiter. Laden Sie die Seite neu, um dort fortzufahren.",
  chat_is_full: "Dieser Chat hat alle seine Runden. Senden Sie ihn ab.",
  replies_not_written: "Die Antworten sind noch nicht fertig geschrieben. Warten Sie einen Moment.",
  no_reply_failed: "Alle Antworten sind geschrieben oder werden gerade geschrieben.",
};

/** By the code of what is wrong with one field. */
const BY_FIELD_CODE: Record<string, string> = {
  required: "Hier fehlt noch etwas.",
  blank: "Hier fehlt noch etwas.",
  max_length: "Das ist zu lang. Kürzen Sie es.",
  name_taken: "Dieser Name ist vergeben. Wählen Sie einen anderen.",
  username_invalid: "Erlaubt sind Buchstaben, Ziffern und die Zeichen @ . + - _",
  username_max_length: "Der Name ist zu lang.",
  wrong_password: "Das ist nicht Ihr Passwort.",
  password_too_short: "Das Passwort ist zu kurz: mindestens 10 Zeichen.",
  password_too_common: "Dieses Passwort ist zu verbreitet. Wählen Sie ein anderes.",
  password_too_similar: "Das Passwort ähnelt Ihrem Namen zu sehr. Wählen Sie ein anderes.",
  text_missing: "Hier fehlt noch ein Text.",
  text_too_long: "Der Text ist zu lang: höchstens 20.000 Zeichen.",
};

export const errors: Texts["errors"] = {
  text: (code, message) => BY_CODE[code] ?? message,
  field: (code, message) => BY_FIELD_CODE[code] ?? message,
};
