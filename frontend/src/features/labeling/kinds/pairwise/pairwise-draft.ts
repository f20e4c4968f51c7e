/** Beside what a ranking keeps: how strong the preference is. */
export interface PairwiseDraft {
  strength: number;
}

export const EMPTY_PAIRWISE: PairwiseDraft = { strength: 0 };
