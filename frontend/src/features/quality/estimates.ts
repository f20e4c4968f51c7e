/** How estimates with intervals are written, and what the measures are called. */

import { formatPercent, formatsOf } from "@/lib/format";
import { LANGUAGES, type Language } from "@/lib/language";
import type { Estimate } from "@/lib/models";

export interface Measure {
  label: string;
  text: string;
  isShare: boolean;
}

export const MEASURES: Record<string, Measure> = {
  ties_half: { label: "Pairwise agreement", text: "Share of pairs put in the same order; a tie of one labeler counts half", isShare: true },
  ties_excluded: { label: "Without ties", text: "The same over pairs that neither labeler tied", isShare: true },
  with_researchers: { label: "With researchers", text: "Labelers against managers and engineers who label too", isShare: true },
  self_repeat: { label: "With themselves", text: "Labelers who ranked the same prompt again", isShare: true },
  tau_b: { label: "Kendall tau-b", text: "Mean over every two rankings of a prompt; 1 = same order, 0 = chance", isShare: false },
  alpha_nominal: { label: "Krippendorff alpha, nominal", text: "Better, tied and worse are three different answers", isShare: false },
  alpha_ordinal: { label: "Krippendorff alpha, ordinal", text: "Tied lies between better and worse", isShare: false },
  alpha_interval: { label: "Krippendorff alpha, interval", text: "Opposite orders are four times as far apart as a tie", isShare: false },
  fleiss_kappa: { label: "Fleiss kappa", text: "Many labelers, corrected for chance", isShare: false },
};

/** What a share can be, and what is corrected for chance; an axis shows nothing beyond. */
export const SHARE = [0, 1] as const;
export const CORRECTED = [-Infinity, 1] as const;

export const percent = (value: number) => formatPercent(value);
export const figure = (value: number) => value.toFixed(2);

/** "72% [69%, 75%], n = 1,204" */
export function estimateText({ value, low, high, n }: Estimate, format: (value: number) => string, language: Language = "en"): string {
  const { texts } = LANGUAGES[language];
  if (value === null) return texts.figures.nothingToCompare;
  const interval = low !== null && high !== null ? ` [${format(low)}, ${format(high)}]` : "";
  return `${format(value)}${interval}, n = ${formatsOf(language).formatCount(n)}`;
}
