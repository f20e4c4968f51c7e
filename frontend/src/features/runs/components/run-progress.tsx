import { Card, Group, Progress, Stack, Text } from "@mantine/core";
import { useEffect, useState } from "react";

import { formatCount, formatSeconds, humanize } from "@/lib/format";
import type { TrainingRun } from "@/lib/models";

interface RunProgressProps {
  run: TrainingRun;
  isConnected: boolean;
}

const WAITING_TEXTS: Record<string, string> = {
  queued: "Waiting to be handed to the cluster.",
  submitted: "Handed to the cluster; waiting for a free place.",
};

/** How far a run is, how long it has taken, and what is left at the pace so far. */
export function RunProgress({ run, isConnected }: RunProgressProps) {
  const [now, setNow] = useState(() => Date.now());
  const isRunning = run.state === "running";
  useEffect(() => {
    if (!isRunning) return;
    const clock = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(clock);
  }, [isRunning]);

  const { phase, done = 0, total = 0 } = run.progress;
  const end = run.finished_at ? Date.parse(run.finished_at) : now;
  const elapsed = run.started_at ? Math.max((end - Date.parse(run.started_at)) / 1000, 0) : 0;
  const share = total > 0 ? Math.min(done / total, 1) : 0;
  const left = isRunning && share > 0.02 ? (elapsed / share) * (1 - share) : null;
  return (
    <Card withBorder padding="md" data-testid="run-progress">
      <Stack gap="xs">
        <Group justify="space-between" gap="xs">
          <Text size="sm" fw={500}>
            {WAITING_TEXTS[run.state] ?? (phase ? humanize(phase) : humanize(run.state))}
          </Text>
          <Text size="sm" c="dimmed">
            {[
              total > 0 && `${formatCount(Math.floor(done))} of ${formatCount(total)}`,
              elapsed > 0 && (isRunning ? `${formatSeconds(elapsed)} so far` : formatSeconds(elapsed)),
              left !== null && `about ${formatSeconds(left)} left`,
            ]
              .filter(Boolean)
              .join(", ")}
          </Text>
        </Group>
        <Progress
          value={run.state === "done" ? 100 : 100 * share}
          color={run.state === "done" ? "teal" : run.state === "failed" ? "red" : undefined}
          animated={isRunning}
          size="lg"
          aria-label="Progress of the run"
        />
        {isRunning && !isConnected && (
          <Text size="xs" c="orange">
            The live connection is interrupted; it is being opened again.
          </Text>
        )}
      </Stack>
    </Card>
  );
}
