import { Badge, Button, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowsDiff, IconPencil } from "@tabler/icons-react";

import { useTexts } from "@/lib/language";
import type { ShownCompletion } from "@/lib/task-models";

import { useWindowKeys } from "../hooks/use-window-keys";
import type { AnswerProps } from "../kinds/answer-props";
import { letterOf } from "../kinds/ranking/ranks";
import { isShortcut } from "../keys";
import { DiffDialog } from "./diff-dialog";
import { EditDialog } from "./edit-dialog";

interface CompletionToolsProps extends Pick<AnswerProps, "draft" | "change"> {
  completions: ShownCompletion[];
  index: number; // of the completion that these tools are for
  isActive: boolean; // whether the keys D and E are meant for it
}

/** For one completion: its difference from another, and editing it into a better answer. */
export function CompletionTools({ completions, index, isActive, draft, change }: CompletionToolsProps) {
  const { task } = useTexts();
  const [isDiffOpen, diff] = useDisclosure(false);
  const [isEditOpen, edit] = useDisclosure(false);
  const completion = completions[index];
  useWindowKeys((event) => {
    if (!isActive || !isShortcut(event)) return;
    if (event.key === "d" && completions.length > 1) diff.open();
    else if (event.key === "e") edit.open();
    else return;
    event.preventDefault();
  });
  if (!completion) return null;
  const letter = letterOf(index);
  const edited = draft.edits[completion.id];
  const setEdit = (text: string | null) =>
    change(({ edits: { [completion.id]: _, ...others } }) => ({ edits: text === null ? others : { ...others, [completion.id]: text } }));
  return (
    <Group gap={4} wrap="nowrap">
      {edited !== undefined && (
        <Badge size="sm" color="teal" variant="light" radius="sm" tt="none" data-testid={`edited-${letter}`}>
          {task.edited}
        </Badge>
      )}
      {completions.length > 1 && (
        <Button
          size="compact-xs"
          variant="subtle"
          tabIndex={-1}
          leftSection={<IconArrowsDiff size={14} />}
          onClick={diff.open}
          aria-label={task.diffOf(letter)}
          data-testid={`diff-${letter}`}
        >
          {task.diff}
        </Button>
      )}
      <Button
        size="compact-xs"
        variant="subtle"
        tabIndex={-1}
        leftSection={<IconPencil size={14} />}
        onClick={edit.open}
        aria-label={task.editTitle(letter)}
        data-testid={`edit-${letter}`}
      >
        {task.edit}
      </Button>
      <DiffDialog isOpen={isDiffOpen} onClose={diff.close} completions={completions} first={index} edits={draft.edits} />
      {isEditOpen && (
        <EditDialog letter={letter} original={completion.text} edited={edited} onSave={setEdit} onClose={edit.close} />
      )}
    </Group>
  );
}
