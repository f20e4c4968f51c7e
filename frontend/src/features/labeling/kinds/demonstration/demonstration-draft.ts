/** What a labeler has written and said of the prompt so far. */
export interface DemonstrationDraft {
  turns: string[]; // contents; turns.ts knows who says each
  use_case: string;
  prompt_flags: string[];
}

export const EMPTY_DEMONSTRATION: DemonstrationDraft = { turns: [], use_case: "", prompt_flags: [] };
