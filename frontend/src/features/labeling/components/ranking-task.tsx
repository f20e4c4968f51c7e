import { Button, Checkbox, Group, Paper, Stack, Text, Textarea } from "@mantine/core";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { useRankingKeys } from "../hooks/use-ranking-keys";
import { idsUnplaced, letterOf, orderText, rankClear, rankInsert, rankSet } from "../ranks";
import type { AnswerProps } from "./answer-props";
import { CompletionCard } from "./completion-card";
import { RankingBoard, type DropTarget } from "./ranking-board";
import { RankingDrag } from "./ranking-drag";
import classes from "./task.module.css";

/** K completions in the order shown, and the order that the labeler gives them. Nothing is placed until somebody places it. */
export function RankingTask({ assignment, draft, change, submit, isSending, isLost }: AnswerProps) {
  const { completions: unordered, label_schema } = assignment.task;
  const completions = useMemo(() => [...unordered].sort((a, b) => a.position - b.position), [unordered]);
  const shown = useMemo(() => completions.map(({ id }) => id), [completions]);
  const [focused, setFocused] = useState<number | null>(null);
  const cards = useRef(new Map<number, HTMLElement>());
  const { ranks, ratings, flags } = draft;
  const unplaced = idsUnplaced(ranks, shown);
  const canSubmit = unplaced.length === 0 && !isSending && !isLost;

  const focusCard = useCallback((id: number) => cards.current.get(id)?.focus(), []);
  const send = () => canSubmit && submit({ ranks, ratings, flags, all_bad: draft.all_bad });
  const drop = (id: number, target: DropTarget) =>
    change((previous) => {
      if (target.kind === "tray") return { ranks: rankClear(previous.ranks, id) };
      if (target.kind === "row") return { ranks: rankSet(previous.ranks, id, target.row) };
      return { ranks: rankInsert(previous.ranks, id, target.row, shown.length) };
    });
  useRankingKeys({ shown, focused, change, focusCard, submit: send });
  useEffect(() => {
    window.scrollTo(0, 0);
    cards.current.get(shown[0] ?? 0)?.focus({ preventScroll: true });
  }, [shown]);

  const missing = unplaced.map((id) => letterOf(shown.indexOf(id))).join(", ");
  return (
    <RankingDrag shown={shown} onDrop={drop}>
      <div className={classes.ranking}>
        <div className={classes.cards}>
          {completions.map((completion, index) => (
            <CompletionCard
              key={completion.id}
              ref={(element) => {
                if (element) cards.current.set(completion.id, element);
                else cards.current.delete(completion.id);
              }}
              completion={completion}
              index={index}
              numRanks={shown.length}
              schema={label_schema.schema}
              rank={ranks[completion.id] ?? null}
              ratings={ratings[completion.id] ?? {}}
              flags={flags[completion.id] ?? []}
              isFocused={focused === completion.id}
              onFocus={() => setFocused(completion.id)}
              onRank={(rank) =>
                change((previous) => ({
                  ranks: rank === null ? rankClear(previous.ranks, completion.id) : rankSet(previous.ranks, completion.id, rank),
                }))
              }
              onRate={(axis, value) =>
                change((previous) => ({
                  ratings: { ...previous.ratings, [completion.id]: { ...previous.ratings[completion.id], [axis]: value } },
                }))
              }
              onFlag={(keys) => change((previous) => ({ flags: { ...previous.flags, [completion.id]: keys } }))}
            />
          ))}
        </div>
        <Paper withBorder radius="md" p="sm" className={classes.side} component="section" aria-label="Your order">
          <Stack gap="sm">
            <RankingBoard shown={shown} ranks={ranks} onPick={focusCard} />
            <Text size="sm" aria-live="polite" data-testid="order-text">
              {orderText(ranks, shown) || "Nothing is placed yet."}
            </Text>
            <Checkbox
              size="sm"
              label="All of them are bad"
              checked={draft.all_bad}
              onChange={(event) => change({ all_bad: event.currentTarget.checked })}
              data-testid="all-bad"
            />
            <Textarea
              label="Notes for the team"
              autosize
              minRows={1}
              maxRows={6}
              value={draft.notes}
              onChange={(event) => change({ notes: event.currentTarget.value })}
              data-testid="notes"
            />
            <Group justify="space-between" wrap="nowrap" className={classes.submitBar}>
              <Text size="xs" c="dimmed">
                {missing ? `Not placed: ${missing}` : "Enter submits"}
              </Text>
              <Button onClick={send} disabled={!canSubmit} loading={isSending} data-testid="rank-submit">
                Submit
              </Button>
            </Group>
          </Stack>
        </Paper>
      </div>
    </RankingDrag>
  );
}
