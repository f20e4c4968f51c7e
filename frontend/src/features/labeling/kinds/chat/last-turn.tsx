import { Alert, Button, Checkbox, Group, Loader, Paper, SegmentedControl, Stack, Text, VisuallyHidden } from "@mantine/core";
import type { Ref } from "react";

import { useTexts } from "@/lib/language";
import type { ChatTurn, ShownSchema } from "@/lib/task-models";

import type { AnswerProps } from "../answer-props";
import { PairCards } from "../pairwise/pair-cards";
import { ScaleBar } from "../pairwise/scale-bar";
import type { usePair } from "../pairwise/use-pair";
import { letterOf } from "../ranking/ranks";
import { OwnMessage } from "./past-turn";

interface LastTurnProps extends Pick<AnswerProps, "draft" | "change"> {
  turn: ChatTurn;
  schema: ShownSchema;
  pair: ReturnType<typeof usePair>;
  isWritten: boolean;
  isOpenChoice: boolean; // the labeler says with which reply the chat goes on
  chosen: number | null;
  first: Ref<HTMLElement>;
  onRetry: () => void;
  isRetrying: boolean;
}

/** The last message with its two replies, as they are written and then to be judged. */
export function LastTurn(props: LastTurnProps) {
  const { turn, schema, pair, draft, change, isWritten, isOpenChoice, chosen, first } = props;
  const { kinds } = useTexts();
  const { chat, pairwise } = kinds;
  const failed = turn.replies.filter(({ state }) => state === "failed");
  const isWriting = turn.replies.some(({ state }) => state === "writing");
  const pending = turn.replies.map(({ state }) =>
    state === "writing" ? <Loader key="dots" type="dots" size="sm" role="img" aria-label={chat.writing} /> : state === "failed" ? <Text key="failed" c="dimmed">—</Text> : null,
  );
  return (
    <section aria-label={chat.turn(turn.number)} data-testid={`turn-${turn.number}`}>
      <OwnMessage text={turn.message} />
      <PairCards completions={turn.replies} {...{ schema, first, pending, draft, change }} preferred={isWritten ? pair.preferred : null} />
      <VisuallyHidden aria-live="polite">{isWritten ? chat.bothWritten : ""}</VisuallyHidden>
      {failed.length > 0 && !isWriting && (
        <Alert color="red" variant="light" role="alert" mt="sm" data-testid="chat-failed">
          <Stack gap="xs" align="flex-start">
            {chat.failed}
            <Text size="xs" lang="en">
              {failed[0]?.error}
            </Text>
            <Button size="xs" variant="default" loading={props.isRetrying} onClick={props.onRetry} data-testid="chat-retry">
              {chat.retry}
            </Button>
          </Stack>
        </Alert>
      )}
      {isWritten && (
        <Paper withBorder radius="md" p="sm" mt="sm" component="section" aria-label={pairwise.yourChoice}>
          <Stack gap="xs">
            <ScaleBar steps={pair.steps} chosen={pair.chosen} onChoose={pair.choose} />
            <Text size="sm" ta="center" aria-live="polite" data-testid="pairwise-text">
              {pair.chosen === null ? pairwise.nothingChosen : `${pair.steps[pair.chosen]?.text}.`}
            </Text>
            <Group justify="space-between" gap="xs">
              <Checkbox
                size="sm"
                label={pairwise.bothBad}
                checked={draft.all_bad}
                onChange={(event) => change({ all_bad: event.currentTarget.checked })}
                data-testid="all-bad"
              />
              {isOpenChoice && (
                <Group gap="xs">
                  <Text size="sm">{chat.goOnWith}</Text>
                  <SegmentedControl
                    size="xs"
                    aria-label={chat.goOnWith}
                    value={String(chosen ?? "")}
                    onChange={(value) => change({ chosen: Number(value) })}
                    data={turn.replies.map(({ id }, index) => ({ value: String(id), label: letterOf(index) }))}
                    data-testid="chat-choice"
                  />
                </Group>
              )}
            </Group>
          </Stack>
        </Paper>
      )}
    </section>
  );
}
