/** What a labeler has written and chosen in a chat and not sent yet; what is said of the last turn's replies is kept as of a pair. */
export interface ChatDraft {
  message: string;
  chosen: number | null; // the reply to go on with, where the verdict leaves it open
  harm_category: string;
  attack_kind: string;
  success_level: string;
}

export const EMPTY_CHAT: ChatDraft = { message: "", chosen: null, harm_category: "", attack_kind: "", success_level: "" };
