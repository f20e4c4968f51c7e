import { Alert, Button, Group, Loader, Text, Textarea } from "@mantine/core";
import { IconMessages } from "@tabler/icons-react";
import { useEffect, useRef, type ReactNode } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";
import { useTexts } from "@/lib/language";

import { useChat } from "../../hooks/use-chat";
import { useWindowKeys } from "../../hooks/use-window-keys";
import { isShortcut, isSubmit } from "../../keys";
import type { AnswerProps } from "../answer-props";
import { usePair } from "../pairwise/use-pair";
import { letterOf } from "../ranking/ranks";
import { stepOf } from "./chat-step";
import classes from "./chat.module.css";
import { LastTurn } from "./last-turn";
import { PastTurn } from "./past-turn";

interface ChatViewProps extends AnswerProps {
  isJudged: boolean; // every turn needs a verdict, and the chat goes on with the better reply
  labels: Record<string, string>; // what is asked of the whole chat beside the verdicts
  children?: ReactNode; // the fields of these labels
}

/** The chat so far, the two replies to the last message, and the field for the next one. */
export function ChatView({ assignment, draft, change, submit, isSending, isLost, isJudged, labels, children }: ChatViewProps) {
  const { kinds, task } = useTexts();
  const words = { ...kinds.chat, ...(isJudged ? {} : { task: kinds.red_team.task, taskText: kinds.red_team.taskText }) };
  const talk = useChat(assignment);
  const { chat, last, isBusy } = talk;
  const { schema } = assignment.task.label_schema;
  const composer = useRef<HTMLTextAreaElement>(null);
  const cards = useRef<HTMLElement>(null);
  const hasSent = useRef(false); // a message, whose turn is not on the screen yet
  const shown = [last?.replies[0]?.id ?? 0, last?.replies[1]?.id ?? 0] as const;
  const isWritten = Boolean(last) && !talk.isWriting && !talk.hasFailed;
  const pair = usePair({ schema, draft, change, shown, isActive: isWritten, onEnter: () => composer.current?.focus() });

  // With neither preferred, or against the model, the labeler says which reply the chat goes on with.
  const isOpenChoice = isWritten && (isJudged ? pair.isJudged && pair.preferred === null : true);
  const preferredId = pair.preferred === null ? null : shown[pair.preferred === "A" ? 0 : 1];
  const picked = draft.chosen !== null && shown.includes(draft.chosen) ? draft.chosen : null;
  const chosen = isOpenChoice ? (picked ?? preferredId) : preferredId;
  const verdict = isWritten && pair.isJudged ? pair.verdict() : null;
  const step = stepOf({
    numTurns: last?.number ?? 0,
    maxTurns: chat?.max_turns ?? 0,
    isWriting: talk.isWriting,
    hasFailed: talk.hasFailed,
    isVerdictMissing: isJudged && !verdict,
    isChosen: chosen !== null,
    isLabelled: Object.values(labels).every(Boolean),
    hasMessage: draft.message.trim() !== "",
  });
  const canSay = step.canSay && !isBusy && !isLost && chat !== null;
  const canSubmit = step.canSubmit && !isSending && !isBusy && !isLost;

  const say = async () => {
    if (!canSay || !draft.message.trim()) return;
    hasSent.current = true;
    if (await talk.say({ message: draft.message, verdict, chosen })) {
      change({ message: "", ranks: {}, strength: 0, all_bad: false, chosen: null });
    }
  };
  const send = () => canSubmit && submit({ ...labels, num_turns: last?.number ?? 0, verdict } as Parameters<typeof submit>[0]);
  useWindowKeys((event) => {
    if (isSubmit(event)) return send();
    if (!isOpenChoice || !isShortcut(event)) return;
    const index = ["a", "b"].indexOf(event.key.toLowerCase());
    if (index >= 0) change({ chosen: shown[index] ?? null });
  });
  const isLoaded = chat !== null;
  useEffect(() => {
    if (isLoaded) composer.current?.focus({ preventScroll: true });
  }, [isLoaded]);
  useEffect(() => {
    if (!hasSent.current) return;
    hasSent.current = false;
    cards.current?.focus(); // the keys now judge the new replies
  }, [last?.number]);

  return (
    <div className={classes.chat}>
      <Alert variant="light" icon={<IconMessages size={18} />} title={words.task} data-testid="chat-brief">
        <Text size="sm">{words.taskText}</Text>
        {assignment.task.brief && (
          <Text size="sm" mt={6} fw={600} style={{ whiteSpace: "pre-wrap" }}>
            {assignment.task.brief}
          </Text>
        )}
      </Alert>
      {!chat && !talk.error && <Loader type="dots" role="img" aria-label={words.loading} />}
      {chat?.turns.slice(0, -1).map((turn) => <PastTurn key={turn.number} turn={turn} edits={draft.edits} />)}
      {last && (
        <LastTurn
          {...{ turn: last, schema, draft, change, pair, isOpenChoice, chosen, isWritten }}
          first={cards}
          onRetry={talk.retry}
          isRetrying={isBusy}
        />
      )}
      <ErrorAlert error={talk.error} />
      {!chat && talk.error && (
        <Button variant="default" w="fit-content" onClick={() => void talk.load()}>
          {words.retry}
        </Button>
      )}
      {children}
      <div className={classes.dock} data-static={children ? true : undefined}>
        {step.hint !== "full" && (
          <Textarea
            ref={composer}
            label={last ? words.nextMessage : words.firstMessage}
            placeholder={words.placeholder}
            autosize
            minRows={1}
            maxRows={10}
            value={draft.message}
            onChange={(event) => change({ message: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.nativeEvent.isComposing) return;
              event.preventDefault();
              void say();
            }}
            data-testid="chat-message"
          />
        )}
        <Group gap="xs" mt="xs" align="flex-end">
          <Textarea
            flex={1}
            miw={160}
            aria-label={task.notes}
            placeholder={task.notes}
            autosize
            minRows={1}
            maxRows={4}
            value={draft.notes}
            onChange={(event) => change({ notes: event.currentTarget.value })}
            data-testid="notes"
          />
          <Button variant="light" onClick={() => void say()} disabled={!canSay || !draft.message.trim()} loading={isBusy} data-testid="chat-send">
            {words.send}
          </Button>
          <Button onClick={send} disabled={!canSubmit} loading={isSending} data-testid="chat-submit">
            {words.submit}
          </Button>
        </Group>
        <Group gap="xs" mt={4} justify="space-between">
          <Text size="xs" c="dimmed" aria-live="polite" data-testid="chat-hint">
            {step.hint === "unlabelled" ? kinds.red_team.unlabelled : words.hints[step.hint]}
            {chat && ` ${words.turnOf(last?.number ?? 0, chat.max_turns)}.`}
          </Text>
          {chosen !== null && isWritten && (
            <Text size="xs" c="dimmed" data-testid="chat-goes-on">
              {words.goOnWith} {letterOf(shown.indexOf(chosen))}
            </Text>
          )}
        </Group>
      </div>
    </div>
  );
}
