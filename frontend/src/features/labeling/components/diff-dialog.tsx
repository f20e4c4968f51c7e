import { Group, Modal, SegmentedControl, Text } from "@mantine/core";
import { useState } from "react";

import { WordDiff } from "@/components/ui/word-diff";
import { useTexts } from "@/lib/language";
import type { ShownCompletion } from "@/lib/task-models";

import { letterOf } from "../kinds/ranking/ranks";

interface DiffDialogProps {
  isOpen: boolean;
  onClose: () => void;
  completions: ShownCompletion[];
  first: number;
  edits: Record<number, string>;
}

/** Any two completions, or a completion and its edited text, word by word. */
export function DiffDialog({ isOpen, onClose, completions, first, edits }: DiffDialogProps) {
  const { task } = useTexts();
  const texts = completions.flatMap(({ id, text }, index) => {
    const letter = letterOf(index);
    const edited = edits[id];
    return edited === undefined ? [{ letter, text }] : [{ letter, text }, { letter: task.letterEdited(letter), text: edited }];
  });
  const neighbour = letterOf(first === 0 ? 1 : 0);
  const [before, setBefore] = useState(letterOf(first));
  const [after, setAfter] = useState(neighbour);
  const textOf = (letter: string) => texts.find((row) => row.letter === letter)?.text ?? "";
  const choice = (label: string, value: string, onChange: (letter: string) => void, testId: string) => (
    <Group gap="xs">
      <Text size="sm" c="dimmed" w={44}>
        {label}
      </Text>
      <SegmentedControl size="xs" aria-label={label} value={value} onChange={onChange} data={texts.map(({ letter }) => letter)} data-testid={testId} />
    </Group>
  );
  return (
    <Modal opened={isOpen} onClose={onClose} size="xl" title={task.diffTitle}>
      <Group gap="md" mb="md">
        {choice(task.diffFrom, before, setBefore, "diff-from")}
        {choice(task.diffTo, after, setAfter, "diff-to")}
      </Group>
      {textOf(before) === textOf(after) ? (
        <Text c="dimmed" size="sm">
          {task.diffSame}
        </Text>
      ) : (
        <WordDiff before={textOf(before)} after={textOf(after)} />
      )}
    </Modal>
  );
}
