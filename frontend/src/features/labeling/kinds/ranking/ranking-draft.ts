import type { Ranks } from "./ranks";

/** What a labeler has said of completions so far; pairs use it too. */
export interface RankingDraft {
  step: number; // the completion that is being rated, or the number of completions: the order
  ranks: Ranks;
  ratings: Record<number, Record<string, number>>;
  flags: Record<number, string[]>;
  all_bad: boolean;
}

export const EMPTY_RANKING: RankingDraft = { step: 0, ranks: {}, ratings: {}, flags: {}, all_bad: false };
