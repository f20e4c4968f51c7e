import type { Texts } from "../texts";

export const entry: Texts["entry"] = {
  signInTitle: "Bei Roundtable anmelden",
  motto: "Bessere Sprachmodelle, Runde für Runde.",
  userName: "Benutzername",
  password: "Passwort",
  showPassword: "Passwort zeigen oder verbergen",
  signIn: "Anmelden",
  joinTitle: "Bei Roundtable mitmachen",
  opening: "Ihre Einladung wird geöffnet.",
  invited: (project, role, email) => `Sie sind zum Projekt ${project} eingeladen (${role}, ${email}).`,
  joinAs: (name) => `Als ${name} beitreten`,
  yourName: "Ihr Name",
  passwordLength: (characters) => `Mindestens ${characters} Zeichen.`,
  createAccount: "Konto anlegen",
};
