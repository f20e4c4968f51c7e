/** The name of a language code in the language of the page: "de" is "German"; a code without a name stands for itself. */
export function languageName(code: string, locale = "en"): string {
  try {
    return new Intl.DisplayNames([locale], { type: "language" }).of(code) ?? code;
  } catch {
    return code; // no well-formed code
  }
}
