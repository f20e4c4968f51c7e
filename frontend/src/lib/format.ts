/** How numbers, times and identifiers are written on the pages. */

export interface Formats {
  formatCount: (value: number) => string;
  /** 1,234 -> "1.2 K"; 6,600,000 -> "6.6 M". */
  formatCompact: (value: number) => string;
  formatPercent: (value: number, digits?: number) => string;
  formatTime: (iso: string) => string;
  /** A day of the calendar, "2026-11-05" -> "Nov 5". */
  formatDay: (day: string) => string;
}

/** By language, "en" or "de". */
export function formatsOf(language: string): Formats {
  return {
    formatCount: (value) => value.toLocaleString(language),
    formatCompact: (value) => value.toLocaleString(language, { notation: "compact", maximumFractionDigits: 1 }),
    formatPercent: (value, digits = 0) =>
      value.toLocaleString(language, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }),
    formatTime: (iso) => new Date(iso).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" }),
    formatDay: (day) =>
      new Date(`${day}T00:00:00Z`).toLocaleDateString(language, { month: "short", day: "numeric", timeZone: "UTC" }),
  };
}

/** For the pages that exist in English only. */
export const { formatCount, formatCompact, formatPercent, formatTime, formatDay } = formatsOf("en");

/** 75 -> "1 min 15 s". */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(Math.round(seconds), 0);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

const ACRONYMS = /\b(kl|gae|ppo|sft|eos|ema|sha256|id|uri)\b/gi;

/** "max_kl_per_token" -> "Max KL per token". */
export function humanize(name: string): string {
  const words = name
    .replace(/[_-]+/g, " ")
    .replace(ACRONYMS, (word) => word.toUpperCase())
    .replace(/\blora\b/, "LoRA");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
