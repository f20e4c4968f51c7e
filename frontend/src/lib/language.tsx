import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

import { de } from "@/texts/de";
import { en } from "@/texts/en";
import type { Texts } from "@/texts/texts";

import { ApiError } from "./api-client";
import { formatsOf, type Formats } from "./format";

/** Every language of the pages, under its own name. A new one is a folder of texts and a line here. */
export const LANGUAGES = { en: { name: "English", texts: en }, de: { name: "Deutsch", texts: de } } satisfies Record<
  string,
  { name: string; texts: Texts }
>;
export type Language = keyof typeof LANGUAGES;

const STORAGE_KEY = "roundtable.language";

function isLanguage(given: string | null | undefined): given is Language {
  return given !== null && given !== undefined && Object.hasOwn(LANGUAGES, given);
}

/** What was chosen in this browser before; else the first of the browser's languages that the pages have. */
export function languageAtStart(stored: string | null, wanted: readonly string[]): Language {
  if (isLanguage(stored)) return stored;
  return wanted.map((tag) => tag.toLowerCase().split("-")[0]).find(isLanguage) ?? "en";
}

function storedRead(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null; // storage is switched off
  }
}

function storedWrite(language: Language): void {
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // storage is switched off: the choice holds until the page is left
  }
}

interface Spoken {
  language: Language;
  choose: (language: Language) => void;
}

const LanguageContext = createContext<Spoken>({ language: "en", choose: () => {} });

/** The language of all pages: chosen in the user menu and remembered in this browser. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(() => languageAtStart(storedRead(), navigator.languages));
  const choose = useCallback((next: Language) => {
    storedWrite(next);
    setLanguage(next);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const spoken = useMemo(() => ({ language, choose }), [language, choose]);
  return <LanguageContext.Provider value={spoken}>{children}</LanguageContext.Provider>;
}

/** Pages that exist in English only: words, numbers and dates in them agree, and a screen reader is told. */
export function InEnglish({ children }: { children: ReactNode }) {
  const { choose } = useLanguage();
  const spoken = useMemo(() => ({ language: "en" as const, choose }), [choose]);
  return (
    <LanguageContext.Provider value={spoken}>
      <div lang="en">{children}</div>
    </LanguageContext.Provider>
  );
}

export function useLanguage(): Spoken {
  return useContext(LanguageContext);
}

export function useTexts(): Texts {
  return LANGUAGES[useLanguage().language].texts;
}

/** How numbers and times are written in the language of the page. */
export function useFormats(): Formats {
  return formatsOf(useLanguage().language);
}

/** What is wrong with each field, in the language of the page where its code has a text in it. */
export function useFieldTexts(): (error: Error | null) => Record<string, string> {
  const { errors } = useTexts();
  return (error) => {
    if (!(error instanceof ApiError)) return {};
    const { fields, fieldCodes } = error;
    return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, errors.field(fieldCodes[name] ?? "", text)]));
  };
}

/** What went wrong, in the language of the page where the code of the error has a text in it. */
export function useErrorText(): (error: Error) => string {
  const { errors } = useTexts();
  return (error) => (error instanceof ApiError ? errors.text(error.code, error.message) : error.message);
}
