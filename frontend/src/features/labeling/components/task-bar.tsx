import { ActionIcon, Group, Text, Title, Tooltip } from "@mantine/core";
import { IconArrowLeft, IconClock } from "@tabler/icons-react";
import { Link } from "react-router";

import { useTexts } from "@/lib/language";
import type { Assignment, SkipReason } from "@/lib/task-models";

import type { SaveState } from "../hooks/use-answer-draft";
import type { useLease } from "../hooks/use-lease";
import { GuidelinesButton } from "./guidelines-button";
import { ShortcutsButton } from "./shortcuts-button";
import { SkipButton } from "./skip-button";
import classes from "./task.module.css";

const SOON_SECONDS = 120;

interface TaskBarProps {
  projectId: number;
  assignment: Assignment;
  lease: ReturnType<typeof useLease>;
  saveState: SaveState;
  onSkip: (reason: SkipReason, note: string) => Promise<void>;
}

export function TaskBar({ projectId, assignment, lease, saveState, onSkip }: TaskBarProps) {
  const { kinds, task } = useTexts();
  const { title, shortcuts } = kinds[assignment.task.kind];
  return (
    <Group justify="space-between" gap="xs" mb="sm">
      <Group gap="xs" wrap="nowrap">
        <ActionIcon component={Link} to={`/projects/${projectId}/labeling`} variant="subtle" color="gray" aria-label={task.backKept}>
          <IconArrowLeft size={18} />
        </ActionIcon>
        <Title order={1} size="h5">
          {title}
        </Title>
        <Text size="xs" c="dimmed" aria-live="polite" data-testid="save-state">
          {task.save[saveState]}
        </Text>
      </Group>
      <Group gap={6}>
        <Countdown seconds={lease.secondsLeft} onExtend={lease.extend} />
        <SkipButton onSkip={onSkip} />
        <GuidelinesButton projectId={projectId} number={assignment.task.guideline.number} />
        <ShortcutsButton shortcuts={shortcuts} />
      </Group>
    </Group>
  );
}

function Countdown({ seconds, onExtend }: { seconds: number; onExtend: () => Promise<void> }) {
  const { task } = useTexts();
  const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return (
    <Tooltip label={task.countdown}>
      <button
        type="button"
        className={classes.countdown}
        data-soon={seconds < SOON_SECONDS || undefined}
        data-testid="lease-countdown"
        aria-label={task.timeLeft(text)}
        onClick={() => void onExtend()}
      >
        <IconClock size={14} aria-hidden />
        {text}
        {seconds < SOON_SECONDS && <span className={classes.extend}>{task.extend}</span>}
      </button>
    </Tooltip>
  );
}
