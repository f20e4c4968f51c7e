/** How numbers, times and identifiers are written on the pages. */

export function formatCount(value: number): string {
  return value.toLocaleString("en");
}

/** 1,234 -> "1.2 K"; 6,600,000 -> "6.6 M". */
export function formatCompact(value: number): string {
  return value.toLocaleString("en", { notation: "compact", maximumFractionDigits: 1 });
}

export function formatPercent(value: number, digits = 0): string {
  return value.toLocaleString("en", { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function formatTime(iso: string): string {
  return new Date(iso).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
}

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

const ACRONYMS = /\b(kl|gae|ppo|sft|eos|sha256|id|uri)\b/gi;

/** "max_kl_per_token" -> "Max KL per token". */
export function humanize(name: string): string {
  const words = name.replace(/[_-]+/g, " ").replace(ACRONYMS, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}
