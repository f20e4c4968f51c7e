import { Badge, Card, Group, Stack, Text, ThemeIcon } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconHourglass } from "@tabler/icons-react";

import { StateBadge } from "@/components/ui/state-badge";
import { formatSeconds } from "@/lib/format";
import type { RoundStage } from "@/lib/models";

import { StageActions } from "./stage-actions";
import { StageCounts } from "./stage-counts";
import { StageEvaluations } from "./stage-evaluations";
import { StageLinks } from "./stage-links";
import classes from "./stage-card.module.css";
import { STAGE_TEXTS } from "./stage-texts";

interface StageCardProps {
  projectId: number;
  number: number;
  stage: RoundStage;
}

const COLORS = { waiting: "gray", running: "blue", done: "teal", failed: "red", skipped: "gray" };

function duration({ started_at, finished_at }: RoundStage): string {
  if (!started_at || !finished_at) return "";
  return formatSeconds((Date.parse(finished_at) - Date.parse(started_at)) / 1000);
}

/** One stage of the board: its state, why it waits, how far it is, what it made, what can be done now. */
export function StageCard({ projectId, number, stage }: StageCardProps) {
  const { title, text, icon: StageIcon } = STAGE_TEXTS[stage.kind];
  const ReasonIcon = stage.state === "failed" ? IconAlertTriangle : IconHourglass;
  const isQuiet = stage.state === "waiting" || stage.state === "skipped";
  return (
    <Card
      component="li"
      withBorder
      padding="md"
      data-testid={`stage-${stage.kind}`}
      data-state={stage.state}
      aria-label={`${title}: ${stage.state}`}
    >
      <Group align="flex-start" wrap="nowrap" gap="md">
        <ThemeIcon size={36} radius="md" variant={isQuiet ? "default" : "light"} color={COLORS[stage.state]}>
          {stage.state === "done" ? <IconCheck size={20} /> : <StageIcon size={20} />}
        </ThemeIcon>
        <Stack gap="xs" flex={1} miw={0}>
          <Group justify="space-between" gap="xs">
            <Group gap="xs">
              <Text fw={600} c={isQuiet ? "dimmed" : undefined}>
                {stage.position + 1}. {title}
              </Text>
              <StateBadge state={stage.state} />
              {stage.attempt > 1 && (
                <Badge variant="default" tt="none" radius="sm">
                  attempt {stage.attempt}
                </Badge>
              )}
              <Text size="xs" c="dimmed">
                {duration(stage)}
              </Text>
            </Group>
            <StageActions projectId={projectId} number={number} stage={stage} />
          </Group>
          <Text size="sm" c="dimmed">
            {text}
          </Text>
          {stage.reason && (
            <Group gap={6} wrap="nowrap" align="flex-start">
              <ReasonIcon size={16} aria-hidden className={classes.icon} />
              <Text size="sm" c={stage.state === "failed" ? "red" : undefined} data-testid="stage-reason">
                {stage.reason}
              </Text>
            </Group>
          )}
          <StageCounts counts={stage.counts} isRunning={stage.state === "running"} />
          <StageLinks projectId={projectId} stage={stage} />
          {stage.kind === "evaluate" && stage.state === "done" && (
            <StageEvaluations projectId={projectId} number={number} />
          )}
        </Stack>
      </Group>
    </Card>
  );
}
