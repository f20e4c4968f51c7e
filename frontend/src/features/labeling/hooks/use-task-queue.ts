import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError } from "@/lib/api-client";
import { useTexts } from "@/lib/language";
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

const SURPLUS_MS = 12_000;

interface QueueState {
  status: "loading" | "ready" | "empty" | "unread" | "failed"; // unread: guidelines changed
  task: HeldTask | null;
  error: Error | null; // of the task on the screen
}

function hold(assignment: Assignment | null): HeldTask | null {
  return assignment && { assignment, deadline: Date.now() + assignment.place.seconds_left * 1000 };
}

/** An answer given while the one before it was still on its way. */
interface Waiting {
  task: HeldTask;
  content: SubmitContent;
  onStored: () => void;
}

function asError(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error(String(failure));
}

/**
 * The task on the screen and the one fetched ahead. A submitted task leaves at once; if it is refused it comes back. An answer that
 * is submitted while the one before is on its way waits its turn.
 */
export function useTaskQueue(projectId: number) {
  const { task: texts } = useTexts();
  const queryClient = useQueryClient();
  const [state, setState] = useState<QueueState>({ status: "loading", task: null, error: null });
  const [busy, setBusy] = useState<number[]>([]); // places whose answers are on their way or wait for it
  const ahead = useRef<HeldTask | null>(null);
  const sending = useRef(false);
  const waiting = useRef<Waiting | null>(null);
  const turn = useRef(0); // a task fetched ahead for an earlier screen comes too late
  const keys = useRef(new Map<number, { content: string; key: string }>());

  const show = useCallback((task: HeldTask | null) => {
    setState({ status: task ? "ready" : "empty", task, error: null });
  }, []);

  const fetchAhead = useCallback(
    async (current: HeldTask | null) => {
      ahead.current = null;
      const mine = ++turn.current;
      if (!current) return;
      const claimed = await claimTask(projectId, current.assignment.place.id).catch(() => null); // a submit says what is wrong
      if (mine === turn.current) ahead.current = hold(claimed?.assignment ?? null);
    },
    [projectId],
  );

  const load = useCallback(async () => {
    setState({ status: "loading", task: null, error: null });
    try {
      const { assignment, reason } = await claimTask(projectId);
      const task = hold(assignment);
      if (reason === "guideline_changed") return setState({ status: "unread", task: null, error: null });
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
    const content = JSON.stringify([body.answer, body.notes, body.edits]);
    const known = keys.current.get(placeId);
    if (known?.content === content) return known.key;
    const key = crypto.randomUUID?.() ?? `${placeId}-${Date.now()}-${Math.random().toString(36).slice(2)}`;
    keys.current.set(placeId, { content, key });
    return key;
  };

  /** Stores the answer and returns what follows; throws what the server refused. */
  const send = async ({ task, content, onStored }: Waiting, claimNext: boolean): Promise<HeldTask | null> => {
    const { place } = task.assignment;
    const body: SubmitBody = { ...content, lease_token: place.lease_token, claim_next: claimNext };
    const { answer, next } = await submitAnswer(place.id, keyFor(place.id, body), body);
    keys.current.delete(place.id);
    onStored();
    if (!answer.is_counted) notifications.show({ color: "yellow", autoClose: SURPLUS_MS, title: texts.surplus, message: texts.surplusText });
    return hold(next);
  };

  /** The task before was refused and is on the screen again: what waited behind it is stored all the same, or comes after it. */
  const sendBehind = async (given: Waiting) => {
    try {
      await send(given, false);
      ahead.current = null;
    } catch {
      ahead.current = given.task; // its draft is in this browser
    }
  };

  const submit = async (task: HeldTask, content: SubmitContent, onStored: () => void) => {
    const { place } = task.assignment;
    setBusy((ids) => [...ids.filter((id) => id !== place.id), place.id]);
    if (sending.current) {
      waiting.current = { task, content, onStored };
      return;
    }
    sending.current = true;
    const shownAhead = ahead.current && ahead.current.deadline > Date.now() ? ahead.current : null;
    ahead.current = null;
    turn.current += 1;
    if (shownAhead) show(shownAhead);
    let hasFailed = false;
    try {
      const following = await send({ task, content, onStored }, true);
      if (shownAhead && following?.assignment.place.id === shownAhead.assignment.place.id) {
        // On the screen already, with a short lease; the claim gave it a whole one. What is typed there must not be disturbed.
        setState((now) => (now.task === shownAhead ? { ...now, task: { ...shownAhead, deadline: following.deadline } } : now));
      } else if (!waiting.current && following) show(following);
      if (!waiting.current) void (following ? fetchAhead(following) : load()); // a claim says why there is none
      void queryClient.invalidateQueries({ queryKey: ["projects", projectId, "labeling"] });
    } catch (failure) {
      hasFailed = true;
      ahead.current = shownAhead;
      setState({ status: "ready", task, error: asError(failure) });
    }
    const given = waiting.current;
    waiting.current = null;
    if (given && hasFailed) await sendBehind(given);
    sending.current = false;
    setBusy(given && !hasFailed ? [given.task.assignment.place.id] : []);
    if (given && !hasFailed) await submit(given.task, given.content, given.onStored);
  };

  const skip = async (task: HeldTask, reason: SkipReason, note: string) => {
    const { place } = task.assignment;
    const skipped = await skipPlace(place.id, place.lease_token, reason, note).catch((failure: unknown) => {
      if (failure instanceof ApiError && failure.code === "lease_lost") return null; // skipped by a request whose reply was lost, or gone
      throw failure;
    });
    const following = hold(skipped?.next ?? null);
    if (!following) return load();
    show(following);
    void fetchAhead(following);
  };

  return { ...state, busy, isLost: state.error instanceof ApiError && state.error.code === "lease_lost", submit, skip, load };
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
