import { Anchor, Group, Progress, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconProgress } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { QueryView } from "@/components/ui/query-view";
import { StateBadge } from "@/components/ui/state-badge";
import { formatCount, formatPercent, formatTime, humanize } from "@/lib/format";
import type { StageProgress } from "@/lib/models";

import { useProgress } from "../api/get-progress";

import { Panel } from "./panel";
import { DayBars, SecondsBoxes } from "./work-charts";

export function ProgressView({ projectId }: { projectId: number }) {
  const progress = useProgress(projectId);
  return (
    <QueryView
      query={progress}
      isEmpty={({ stages, days }) => stages.length + days.length === 0}
      empty={
        <EmptyState
          icon={IconProgress}
          title="Nothing is asked of labelers yet"
          text="When a round opens its first tasks, their progress and forecast stand here."
        />
      }
    >
      {({ stages, days, seconds }) => (
        <Stack gap="md">
          <Panel title="Stages" text="Filled, in work and open places, the newest first; the forecast takes the pace of the last 24 hours.">
            <Stack gap="lg">
              {[...stages].reverse().map((stage) => (
                <StageRow key={`${stage.round_number}-${stage.position}`} projectId={projectId} stage={stage} />
              ))}
            </Stack>
          </Panel>
          <SimpleGrid cols={{ base: 1, lg: 2 }}>
            <Panel title="Answers a day" text="Of the last 30 days, by kind of work.">
              <DayBars days={days} today={new Date()} />
            </Panel>
            <Panel title="Time for an answer" text="Middle half as a box, four fifths as a line; time the task was worked on.">
              <SecondsBoxes seconds={seconds} />
            </Panel>
          </SimpleGrid>
        </Stack>
      )}
    </QueryView>
  );
}

function forecast({ state, places, per_hour, finishes_at }: StageProgress): string {
  const waiting = places.open + places.leased;
  if (state !== "running") return waiting === 0 ? "All in" : "Not running";
  if (waiting === 0) return "All in";
  if (!finishes_at) return "No answer in 24 hours: no forecast";
  return `${per_hour < 10 ? per_hour.toFixed(1) : formatCount(Math.round(per_hour))} an hour, done about ${formatTime(finishes_at)}`;
}

function StageRow({ projectId, stage }: { projectId: number; stage: StageProgress }) {
  const { round_number: round, kind, state, places, num_places: total } = stage;
  const share = (count: number) => (total ? (count / total) * 100 : 0);
  const name = `Round ${round}, ${humanize(kind).toLowerCase()}`;
  return (
    <div>
      <Group justify="space-between" gap="xs" mb={6}>
        <Group gap="xs">
          <Anchor component={Link} to={`/projects/${projectId}/rounds/${round}`} fw={600} size="sm">
            {name}
          </Anchor>
          <StateBadge state={state} />
        </Group>
        <Text size="sm" c="dimmed">
          {forecast(stage)}
        </Text>
      </Group>
      <Progress.Root size={state === "running" ? 18 : 8} aria-label={name}>
        <Progress.Section value={share(places.filled)} color="teal" aria-label={`${name}: filled`} />
        <Progress.Section value={share(places.leased)} color="orange" aria-label={`${name}: in work`} />
      </Progress.Root>
      <Text size="xs" c="dimmed" mt={4}>
        {formatCount(places.filled)} of {formatCount(total)} filled ({formatPercent(total ? places.filled / total : 0)}),{" "}
        {formatCount(places.leased)} in work, {formatCount(places.open)} open
        {places.closed > 0 && `, ${formatCount(places.closed)} closed unanswered`}
      </Text>
    </div>
  );
}
