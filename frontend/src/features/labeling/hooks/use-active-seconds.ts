import { useEffect, useRef } from "react";

const IDLE_AFTER_MS = 60_000;

/** Seconds worked on one task: the page was in sight and somebody did something in the last minute. */
export function useActiveSeconds(initial: number): { current: number } {
  const seconds = useRef(initial);
  useEffect(() => {
    let lastActivity = Date.now();
    const note = () => {
      lastActivity = Date.now();
    };
    const tick = window.setInterval(() => {
      if (!document.hidden && Date.now() - lastActivity < IDLE_AFTER_MS) seconds.current += 1;
    }, 1000);
    window.addEventListener("pointermove", note, { passive: true });
    window.addEventListener("keydown", note, { passive: true });
    window.addEventListener("scroll", note, { passive: true });
    return () => {
      window.clearInterval(tick);
      window.removeEventListener("pointermove", note);
      window.removeEventListener("keydown", note);
      window.removeEventListener("scroll", note);
    };
  }, []);
  return seconds;
}
