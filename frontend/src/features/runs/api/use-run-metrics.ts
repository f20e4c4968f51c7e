import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import type { MetricPoint, TrainingRun } from "@/lib/models";

const FLUSH_MILLISECONDS = 250;

interface RunMetrics {
  points: MetricPoint[];
  isConnected: boolean;
}

/**
 * Every metric of a run, in order, first those it has and then live. A reconnect goes on from the last sequence; points that come
 * in a burst are shown together, so that a long run costs a few renders and not thousands.
 */
export function useRunMetrics(runId: number): RunMetrics {
  const queryClient = useQueryClient();
  const [points, setPoints] = useState<MetricPoint[]>([]);
  const [isConnected, setIsConnected] = useState(false);
  const waiting = useRef(new Map<number, MetricPoint>());

  useEffect(() => {
    const seen = new Set<number>();
    const buffer = waiting.current;
    const source = new EventSource(`/api/v1/runs/${runId}/stream`);
    const flush = () => {
      if (buffer.size === 0) return;
      const arrived = [...buffer.values()];
      buffer.clear();
      setPoints((shown) => [...shown, ...arrived].sort((a, b) => a.sequence - b.sequence));
    };
    const timer = window.setInterval(flush, FLUSH_MILLISECONDS);
    source.addEventListener("open", () => setIsConnected(true));
    let hasEnded = false;
    source.addEventListener("error", () => {
      setIsConnected(false);
      if (hasEnded) source.close(); // the server ends the stream once all is said; without this the browser would ask again
    });
    source.addEventListener("metric", (event: MessageEvent<string>) => {
      const point = JSON.parse(event.data) as MetricPoint;
      if (seen.has(point.sequence)) return;
      seen.add(point.sequence);
      buffer.set(point.sequence, point);
    });
    source.addEventListener("state", (event: MessageEvent<string>) => {
      const { state } = JSON.parse(event.data) as Pick<TrainingRun, "state">;
      hasEnded = ["done", "failed", "cancelled"].includes(state);
      void queryClient.invalidateQueries({ queryKey: ["runs", runId] });
    });
    return () => {
      source.close();
      window.clearInterval(timer);
      buffer.clear();
      setPoints([]);
    };
  }, [runId, queryClient]);

  return { points, isConnected };
}
