import { Text, Textarea } from "@mantine/core";

import { Markdown } from "@/components/ui/markdown";
import { useTexts } from "@/lib/language";

import classes from "../../components/task.module.css";
import type { Turn, TurnRole } from "./turns";

const ROWS: Record<TurnRole, number> = { system: 3, user: 3, assistant: 6 };

interface TurnFieldProps {
  turn: Turn;
  index: number;
  isAlone: boolean;
  isPreview: boolean;
  onWrite: (text: string) => void;
}

/** One turn, to write or to look at as it will be shown. */
export function TurnField({ turn, index, isAlone, isPreview, onWrite }: TurnFieldProps) {
  const { nothingWritten, turns } = useTexts().kinds.demonstration;
  const { label, placeholder } = turns[turn.role];
  const testId = isAlone ? "demonstration-editor" : `turn-${index}`;
  if (isPreview) {
    return (
      <div className={classes.preview} data-role={turn.role}>
        {!isAlone && (
          <Text size="xs" c="dimmed" fw={600}>
            {label}
          </Text>
        )}
        {turn.content.trim() ? <Markdown text={turn.content} /> : <Text c="dimmed">{nothingWritten}</Text>}
      </div>
    );
  }
  return (
    <Textarea
      label={isAlone ? undefined : label}
      aria-label={isAlone ? label : undefined}
      placeholder={placeholder}
      mb="xs"
      autosize
      minRows={isAlone ? 9 : ROWS[turn.role]}
      maxRows={28}
      autoFocus={index === 0}
      value={turn.content}
      onChange={(event) => onWrite(event.currentTarget.value)}
      data-testid={testId}
    />
  );
}
