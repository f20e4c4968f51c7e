import { Badge, Group, Text } from "@mantine/core";

import { Markdown } from "@/components/ui/markdown";
import { useTexts } from "@/lib/language";
import type { ChatTurn } from "@/lib/task-models";

import { CompletionText } from "../../components/completion-text";
import { letterOf } from "../ranking/ranks";
import classes from "./chat.module.css";

/** What the labeler wrote. */
export function OwnMessage({ text }: { text: string }) {
  const { chat } = useTexts().kinds;
  return (
    <div className={classes.own} data-testid="own-message">
      <Text size="xs" c="dimmed" fw={600}>
        {chat.you}
      </Text>
      <Markdown text={text} />
    </div>
  );
}

/** A turn that is behind: the message, the reply with which the chat went on, and the other one on request. */
export function PastTurn({ turn, edits }: { turn: ChatTurn; edits: Record<number, string> }) {
  const { kinds, task } = useTexts();
  const index = turn.replies.findIndex(({ id }) => id === turn.chosen);
  const other = turn.replies[1 - index];
  return (
    <section aria-label={kinds.chat.turn(turn.number)} data-testid={`past-turn-${turn.number}`}>
      <OwnMessage text={turn.message} />
      <div className={classes.reply}>
        <Group gap="xs" mb={4}>
          <Text size="xs" c="dimmed" fw={600}>
            {kinds.chat.wentOn(letterOf(index))}
          </Text>
          {turn.replies.some(({ id }) => edits[id] !== undefined) && (
            <Badge size="sm" color="teal" variant="light" radius="sm" tt="none">
              {task.edited}
            </Badge>
          )}
        </Group>
        <CompletionText text={turn.replies[index]?.text ?? ""} />
        {other && (
          <details className={classes.other}>
            <summary>{kinds.chat.other(letterOf(1 - index))}</summary>
            <CompletionText text={other.text} />
          </details>
        )}
      </div>
    </section>
  );
}
