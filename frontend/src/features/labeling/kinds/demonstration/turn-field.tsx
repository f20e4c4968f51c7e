import { Text, Textarea } from "@mantine/core";

import { Markdown } from "@/components/ui/markdown";

import classes from "../../components/task.module.css";
import type { Turn, TurnRole } from "./turns";

const TEXTS: Record<TurnRole, { label: string; placeholder: string; rows: number }> = {
  system: { label: "Instruction", placeholder: "What every request below asks for.", rows: 3 },
  user: { label: "The person asks", placeholder: "Write the request.", rows: 3 },
  assistant: { label: "Your answer, in markdown", placeholder: "Write the answer that the assistant should give.", rows: 6 },
};

interface TurnFieldProps {
  turn: Turn;
  index: number;
  isAlone: boolean;
  isPreview: boolean;
  onWrite: (text: string) => void;
}

/** One turn, to write or to look at as it will be shown. */
export function TurnField({ turn, index, isAlone, isPreview, onWrite }: TurnFieldProps) {
  const { label, placeholder, rows } = TEXTS[turn.role];
  const testId = isAlone ? "demonstration-editor" : `turn-${index}`;
  if (isPreview) {
    return (
      <div className={classes.preview} data-role={turn.role}>
        {!isAlone && (
          <Text size="xs" c="dimmed" fw={600}>
            {label}
          </Text>
        )}
        {turn.content.trim() ? <Markdown text={turn.content} /> : <Text c="dimmed">Nothing is written yet.</Text>}
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
      minRows={isAlone ? 9 : rows}
      maxRows={28}
      autoFocus={index === 0}
      value={turn.content}
      onChange={(event) => onWrite(event.currentTarget.value)}
      data-testid={testId}
    />
  );
}
