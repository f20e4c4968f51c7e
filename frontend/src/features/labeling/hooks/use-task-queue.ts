import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError } from "@/lib/api-client";
import type { Assignment, SkipReason, SubmitBody } from "@/lib/task-models";

import { claimTask } from "../api/claim-task";
import { releasePlace } from "../api/release-place";
import { skipPlace } from "../api/skip-place";
import { submitAnswer } from "../api/submit-answer";

/** A task and when its lease ends by this machine's clock: clocks that disagree must not shorten a lease. */
export interface HeldTask {
  assignment: Assignment;
  deadline: number;
}

export type SubmitContent = Omit<SubmitBody, "lease_token" | "claim_next">;

interface QueueState {
  status: "loading" | "ready" | "empty" | "failed";
  task: HeldTask | null;
  error: Error | null; // of the task on the screen
}

function hold(assignment: Assignment | null): HeldTask | null {
  return assignment && { assignment, deadline: Date.now() + assignment.place.lease_seconds * 1000 };
}

function asError(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error(String(failure));
}

/** The task on the screen and the one fetched ahead. A submitted task leaves at once; if it is refused it comes back. */
export function useTaskQueue(projectId: number) {
  const queryClient = useQueryClient();
  const [state, setState] = useState<QueueState>({ status: "loading", task: null, error: null });
  const [isSending, setIsSending] = useState(false);
  const ahead = useRef<HeldTask | null>(null);
  const sending = useRef(false);
  const keys = useRef(new Map<number, { content: string; key: string }>());

  const show = useCallback((task: HeldTask | null) => {
    setState({ status: task ? "ready" : "empty", task, error: null });
  }, []);

  const fetchAhead = useCallback(
    async (current: HeldTask | null) => {
      ahead.current = null;
      if (!current) return;
      try {
        ahead.current = hold((await claimTask(projectId, current.assignment.place.id)).assignment);
      } catch {
        ahead.current = null; // the submit brings the next task, or says what is wrong
      }
    },
    [projectId],
  );

  const load = useCallback(async () => {
    setState({ status: "loading", task: null, error: null });
    try {
      const task = hold((await claimTask(projectId)).assignment);
      show(task);
      await fetchAhead(task);
    } catch (failure) {
      setState({ status: "failed", task: null, error: asError(failure) });
    }
  }, [projectId, show, fetchAhead]);

  useEffect(() => void load(), [load]);
  useReleaseOnLeave(ahead);

  /** One key for one content: a repeated click or a lost reply stores one answer, a mended answer gets its own key. */
  const keyFor = (placeId: number, body: SubmitBody): string => {
    const content = JSON.stringify([body.answer, body.notes]);
    const known = keys.current.get(placeId);
    if (known?.content === content) return known.key;
    const key = crypto.randomUUID?.() ?? `${placeId}-${Date.now()}-${Math.random().toString(36).slice(2)}`;
    keys.current.set(placeId, { content, key });
    return key;
  };

  const submit = async (task: HeldTask, content: SubmitContent, onStored: () => void) => {
    if (sending.current) return;
    sending.current = true;
    setIsSending(true);
    const { place } = task.assignment;
    const body: SubmitBody = { ...content, lease_token: place.lease_token, claim_next: true };
    const shownAhead = ahead.current;
    ahead.current = null;
    if (shownAhead) show(shownAhead);
    try {
      const { answer, next } = await submitAnswer(place.id, keyFor(place.id, body), body);
      keys.current.delete(place.id);
      onStored();
      if (!answer.is_counted) notifications.show({ color: "yellow", message: "Stored, but the task had all its answers already." });
      const following = hold(next);
      if (!shownAhead || following?.assignment.place.id !== shownAhead.assignment.place.id) show(following);
      void fetchAhead(following);
      void queryClient.invalidateQueries({ queryKey: ["projects", projectId, "labeling"] });
    } catch (failure) {
      ahead.current = shownAhead;
      setState({ status: "ready", task, error: asError(failure) });
    } finally {
      sending.current = false;
      setIsSending(false);
    }
  };

  const skip = async (task: HeldTask, reason: SkipReason, note: string) => {
    const { place } = task.assignment;
    const { next } = await skipPlace(place.id, place.lease_token, reason, note);
    const following = hold(next);
    show(following);
    void fetchAhead(following);
  };

  return { ...state, isSending, isLost: state.error instanceof ApiError && state.error.code === "lease_lost", submit, skip, load };
}

/** The task fetched ahead goes back when the page is left, so that somebody else gets it at once. */
function useReleaseOnLeave(ahead: { current: HeldTask | null }) {
  useEffect(() => {
    const release = () => {
      const task = ahead.current;
      ahead.current = null;
      if (task) releasePlace(task.assignment.place.id, task.assignment.place.lease_token).catch(() => {});
    };
    window.addEventListener("pagehide", release);
    return () => {
      window.removeEventListener("pagehide", release);
      release();
    };
  }, [ahead]);
}
