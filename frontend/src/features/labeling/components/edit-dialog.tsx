import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";

import { WordDiff } from "@/components/ui/word-diff";
import { useTexts } from "@/lib/language";

interface EditDialogProps {
  letter: string;
  original: string;
  edited: string | undefined;
  onSave: (text: string | null) => void; // null: no edit
  onClose: () => void;
}

/** Writes a better answer starting from a completion. Every key is kept in the draft at once, so closing loses nothing. */
export function EditDialog({ letter, original, edited, onSave, onClose }: EditDialogProps) {
  const { task } = useTexts();
  const [text, setText] = useState(edited ?? original);
  const isChanged = text.trim() !== "" && text.trim() !== original.trim();
  const change = (next: string) => {
    setText(next);
    onSave(next.trim() !== "" && next.trim() !== original.trim() ? next : null);
  };
  return (
    <Modal opened onClose={onClose} size="xl" title={task.editTitle(letter)}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {task.editText(letter)}
        </Text>
        <Textarea
          aria-label={task.editField(letter)}
          autosize
          minRows={6}
          maxRows={18}
          data-autofocus
          value={text}
          onChange={(event) => change(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
              event.stopPropagation();
              onClose();
            }
          }}
          data-testid="edit-text"
        />
        {isChanged && <WordDiff before={original} after={text} />}
        <Group justify="space-between">
          <Button variant="default" disabled={!isChanged} onClick={() => change(original)} data-testid="edit-undo">
            {task.editUndo}
          </Button>
          <Button onClick={onClose} data-testid="edit-done">
            {task.editDone}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
