import { Group, Progress, Stack, Text } from "@mantine/core";

import { formatCount, formatPercent, humanize } from "@/lib/format";
import type { StageCounts as Counts } from "@/lib/models";

interface StageCountsProps {
  counts: Counts;
  isRunning: boolean;
}

/** How far a stage is: answers given where people work, the run's progress where the cluster works. */
export function StageCounts({ counts, isRunning }: StageCountsProps) {
  const places = counts.places_open + counts.places_leased + counts.places_filled;
  const isLabeled = places + counts.places_closed > 0;
  const done = isLabeled ? counts.places_filled : counts.progress_done;
  const total = isLabeled ? places : counts.progress_total;
  if (total === 0 || (!isLabeled && !isRunning)) return null;
  const words = isLabeled
    ? [
        `${formatCount(counts.places_filled)} of ${formatCount(places)} answered`,
        counts.places_leased > 0 && `${formatCount(counts.places_leased)} at work`,
        counts.places_open > 0 && `${formatCount(counts.places_open)} open`,
        counts.places_closed > 0 && `${formatCount(counts.places_closed)} closed`,
      ]
    : [counts.phase && humanize(counts.phase), formatPercent(Math.min(done / total, 1))];
  return (
    <Stack gap={4}>
      <Progress
        value={(100 * done) / total}
        animated={isRunning}
        color={isRunning ? undefined : "teal"}
        aria-label={words.filter(Boolean).join(", ")}
      />
      <Group gap="md">
        <Text size="sm" data-testid="stage-counts">
          {words.filter(Boolean).join(", ")}
        </Text>
      </Group>
    </Stack>
  );
}
