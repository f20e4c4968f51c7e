import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError } from "@/lib/api-client";

import { extendLease } from "../api/extend-lease";
import type { HeldTask } from "./use-task-queue";

const MAX_BEAT_SECONDS = 60;
const ACTIVITY_EVENTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;

/** Seconds left on the task. The lease is renewed while somebody works; when it ran out, `extend` tries to get it back. */
export function useLease({ assignment, deadline: firstDeadline }: HeldTask) {
  const { place } = assignment;
  const [deadline, setDeadline] = useState(firstDeadline);
  const [now, setNow] = useState(Date.now);
  const [isLost, setIsLost] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const isActive = useRef(true);
  useEffect(() => setDeadline((known) => Math.max(known, firstDeadline)), [firstDeadline]);

  const extend = useCallback(async () => {
    try {
      await extendLease(place.id, place.lease_token);
      setDeadline(Date.now() + place.lease_seconds * 1000);
      setNow(Date.now());
      setError(null);
    } catch (failure) {
      if (failure instanceof ApiError && failure.code === "lease_lost") setIsLost(true);
      else setError(failure instanceof Error ? failure : new Error(String(failure)));
    }
  }, [place.id, place.lease_token, place.lease_seconds]);

  useEffect(() => {
    const tick = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(tick);
  }, []);

  useEffect(() => {
    const note = () => {
      isActive.current = true;
    };
    for (const name of ACTIVITY_EVENTS) window.addEventListener(name, note, { passive: true });
    const beat = window.setInterval(
      () => {
        if (isActive.current) void extend();
        isActive.current = false;
      },
      Math.min(MAX_BEAT_SECONDS, place.lease_seconds / 4) * 1000,
    );
    return () => {
      window.clearInterval(beat);
      for (const name of ACTIVITY_EVENTS) window.removeEventListener(name, note);
    };
  }, [extend, place.lease_seconds]);

  const secondsLeft = Math.max(Math.ceil((deadline - now) / 1000), 0);
  return { secondsLeft, isExpired: secondsLeft === 0, isLost, error, extend };
}
