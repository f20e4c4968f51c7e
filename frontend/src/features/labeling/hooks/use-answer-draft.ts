import { useCallback, useEffect, useRef, useState } from "react";

import type { Assignment } from "@/lib/task-models";

import { saveDraft } from "../api/save-draft";
import { draftChoose, localDraftRead, localDraftRemove, localDraftWrite, type AnswerDraft } from "../draft-store";
import type { TypingCounts } from "../typing-counts";

const SAVE_AFTER_MS = 1500;

export type SaveState = "unchanged" | "unsaved" | "saved" | "browser";

/** The answer being made. Every change is kept in this browser at once and on the server within two seconds. */
export function useAnswerDraft(assignment: Assignment, userId: number, seconds: { current: number }, typing: () => TypingCounts) {
  const { place, task } = assignment;
  const [draft, setDraft] = useState(() => draftChoose(localDraftRead(userId, task.id), assignment.draft));
  const [saveState, setSaveState] = useState<SaveState>("unchanged");
  const latest = useRef(draft);
  const timer = useRef<number | undefined>(undefined);
  const counted = useRef(typing);
  counted.current = typing;

  const save = useCallback(
    async (isLeaving: boolean) => {
      window.clearTimeout(timer.current);
      timer.current = undefined;
      const body = { ...latest.current, seconds: seconds.current, typing: counted.current() };
      const sent = latest.current;
      try {
        const { updated_at } = await saveDraft(place.id, place.lease_token, body, isLeaving);
        if (latest.current !== sent) return; // changed meanwhile; the next save is under way
        localDraftWrite(userId, task.id, { body, synced_at: updated_at });
        setSaveState("saved");
      } catch {
        setSaveState("browser");
      }
    },
    [place.id, place.lease_token, task.id, userId, seconds],
  );

  const change = useCallback(
    (part: Partial<AnswerDraft> | ((previous: AnswerDraft) => Partial<AnswerDraft>)) => {
      const previous = latest.current;
      latest.current = { ...previous, ...(typeof part === "function" ? part(previous) : part) };
      setDraft(latest.current);
      setSaveState("unsaved");
      localDraftWrite(userId, task.id, { body: { ...latest.current, seconds: seconds.current, typing: counted.current() }, synced_at: null });
      timer.current ??= window.setTimeout(() => void save(false), SAVE_AFTER_MS);
    },
    [save, task.id, userId, seconds],
  );

  /** The server has the answer: neither a late save nor the copy in this browser may come after it. */
  const forget = useCallback(() => localDraftRemove(userId, task.id), [task.id, userId]);
  const stop = useCallback(() => {
    window.clearTimeout(timer.current);
    timer.current = undefined;
  }, []);

  useEffect(() => {
    const flush = () => {
      if (timer.current !== undefined) void save(true);
    };
    window.addEventListener("pagehide", flush);
    return () => {
      window.removeEventListener("pagehide", flush);
      flush();
    };
  }, [save]);

  return { draft, change, saveState, forget, stop };
}
