import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError } from "@/lib/api-client";
import type { Assignment } from "@/lib/task-models";

import { saveDraft } from "../api/save-draft";
import { draftChoose, localDraftRead, localDraftRemove, localDraftWrite, type AnswerDraft } from "../draft-store";
import type { TypingCounts } from "../typing-counts";

const SAVE_AFTER_MS = 1500;
const TRY_AGAIN_AFTER_MS = 4000;

export type SaveState = "unchanged" | "unsaved" | "saved" | "browser" | "nowhere";

/** The answer being made. Every change is kept in this browser at once and on the server within two seconds. */
export function useAnswerDraft(assignment: Assignment, userId: number, seconds: { current: number }, typing: () => TypingCounts) {
  const { place, task } = assignment;
  const [draft, setDraft] = useState(() => draftChoose(localDraftRead(userId, task.id), assignment.draft));
  const [saveState, setSaveState] = useState<SaveState>("unchanged");
  const latest = useRef(draft);
  const timer = useRef<number | undefined>(undefined);
  const isSending = useRef(false); // one save at a time: of two, the older could reach the server last
  const isOver = useRef(false); // no further save is planned
  const isKeptHere = useRef(true); // the newest change, in this browser
  const isForgotten = useRef(false);
  const counted = useRef(typing);
  counted.current = typing;

  const save = useCallback(
    async (isLeaving: boolean) => {
      const plan = (milliseconds: number) => {
        if (!isOver.current) timer.current ??= window.setTimeout(() => void save(false), milliseconds);
      };
      window.clearTimeout(timer.current);
      timer.current = undefined;
      if (isSending.current && !isLeaving) return plan(SAVE_AFTER_MS);
      const body = { ...latest.current, seconds: seconds.current, typing: counted.current() };
      const sent = latest.current;
      isSending.current = true;
      try {
        const { updated_at } = await saveDraft(place.id, place.lease_token, body, isLeaving);
        if (latest.current !== sent || isForgotten.current) return; // changed meanwhile: the next save is planned
        localDraftWrite(userId, task.id, { body, synced_at: updated_at });
        setSaveState("saved");
      } catch (failure) {
        setSaveState(isKeptHere.current ? "browser" : "nowhere");
        if (failure instanceof ApiError && failure.isRetryable) plan(TRY_AGAIN_AFTER_MS);
      } finally {
        isSending.current = false;
      }
    },
    [place.id, place.lease_token, task.id, userId, seconds],
  );

  const change = useCallback(
    (part: Partial<AnswerDraft> | ((previous: AnswerDraft) => Partial<AnswerDraft>)) => {
      const previous = latest.current;
      latest.current = { ...previous, ...(typeof part === "function" ? part(previous) : part) };
      isOver.current = false;
      setDraft(latest.current);
      setSaveState("unsaved");
      const body = { ...latest.current, seconds: seconds.current, typing: counted.current() };
      isKeptHere.current = localDraftWrite(userId, task.id, { body, synced_at: null });
      timer.current ??= window.setTimeout(() => void save(false), SAVE_AFTER_MS);
    },
    [save, task.id, userId, seconds],
  );

  /** The server has the answer: neither a late save nor the copy in this browser may come after it. */
  const forget = useCallback(() => {
    isForgotten.current = true;
    localDraftRemove(userId, task.id);
  }, [task.id, userId]);
  const stop = useCallback(() => {
    isOver.current = true;
    window.clearTimeout(timer.current);
    timer.current = undefined;
  }, []);

  useEffect(() => {
    isOver.current = false;
    const flush = () => {
      if (timer.current !== undefined) void save(true);
    };
    window.addEventListener("pagehide", flush);
    return () => {
      window.removeEventListener("pagehide", flush);
      flush();
      isOver.current = true;
    };
  }, [save]);

  return { draft, change, saveState, forget, stop };
}
