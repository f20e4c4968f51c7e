import { EMPTY_CHAT, type ChatDraft } from "./kinds/chat/chat-draft";
import { EMPTY_DEMONSTRATION, type DemonstrationDraft } from "./kinds/demonstration/demonstration-draft";
import { EMPTY_PAIRWISE, type PairwiseDraft } from "./kinds/pairwise/pairwise-draft";
import { EMPTY_RANKING, type RankingDraft } from "./kinds/ranking/ranking-draft";
import { NO_TYPING, type TypingCounts } from "./typing-counts";

/** What a labeler has done on a task so far; the body of the draft on the server and of its copy in this browser. */
export interface AnswerDraft extends DemonstrationDraft, RankingDraft, PairwiseDraft, ChatDraft {
  edits: Record<number, string>; // completion -> the better answer made of it
  notes: string;
  seconds: number;
  typing: TypingCounts;
}

/** All that was written by hand, to copy it elsewhere. */
export function writtenText({ turns, message, edits, notes }: AnswerDraft): string {
  return [...turns, message, ...Object.values(edits), notes].filter((text) => text.trim()).join("\n\n");
}

interface LocalDraft {
  body: AnswerDraft;
  synced_at: string | null; // the server's time of the save that holds all of this; null: the server does not have it
}

interface ServerDraft {
  body: Record<string, unknown>;
  updated_at: string;
}

export const EMPTY_DRAFT: AnswerDraft = {
  ...EMPTY_DEMONSTRATION,
  ...EMPTY_RANKING,
  ...EMPTY_PAIRWISE,
  ...EMPTY_CHAT,
  edits: {},
  notes: "",
  seconds: 0,
  typing: NO_TYPING,
};

function keyOf(userId: number, taskId: number): string {
  return `roundtable.draft.${userId}.${taskId}`;
}

export function localDraftRead(userId: number, taskId: number): LocalDraft | null {
  try {
    const text = localStorage.getItem(keyOf(userId, taskId));
    return text === null ? null : (JSON.parse(text) as LocalDraft);
  } catch {
    return null; // storage is switched off, or holds something else under this key
  }
}

/** Returns whether the browser kept it. */
export function localDraftWrite(userId: number, taskId: number, draft: LocalDraft): boolean {
  try {
    localStorage.setItem(keyOf(userId, taskId), JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function localDraftRemove(userId: number, taskId: number): void {
  try {
    localStorage.removeItem(keyOf(userId, taskId));
  } catch {
    // storage is switched off: nothing was kept
  }
}

/** Work the server has not seen wins; else the later of two saves, both by the server's clock. */
export function draftChoose(local: LocalDraft | null, server: ServerDraft | null): AnswerDraft {
  if (local && (local.synced_at === null || !server || local.synced_at >= server.updated_at)) {
    return { ...EMPTY_DRAFT, ...local.body };
  }
  return { ...EMPTY_DRAFT, ...(server?.body ?? {}) };
}
