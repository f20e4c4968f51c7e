import { Button, Checkbox, Group, Paper, Stack, Text, Textarea } from "@mantine/core";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { useTexts } from "@/lib/language";
import type { ShownCompletion } from "@/lib/task-models";

import { CompletionTools } from "../../components/completion-tools";
import shared from "../../components/task.module.css";
import { judgementOf, lettersUnrated } from "../../hooks/use-judgements";
import type { AnswerProps } from "../answer-props";
import { RankedCard } from "./ranked-card";
import { RankingBoard, type DropTarget } from "./ranking-board";
import { RankingDrag } from "./ranking-drag";
import classes from "./ranking.module.css";
import { idsUnplaced, letterOf, orderText, rankClear, rankInsert, rankSet, ranksByRating } from "./ranks";
import { useRankingKeys } from "./use-ranking-keys";

interface OrderStepProps extends AnswerProps {
  completions: ShownCompletion[];
  onStep: ((step: number) => void) | null; // null: there are no ratings to go back to
}

/** All completions and the order that the labeler gives them. Nothing is placed until somebody places it. */
export function OrderStep(props: OrderStepProps) {
  const { assignment, draft, change, submit, isSending, isLost, completions, onStep } = props;
  const { kinds, task } = useTexts();
  const { schema } = assignment.task.label_schema;
  const shown = useMemo(() => completions.map(({ id }) => id), [completions]);
  const [focused, setFocused] = useState<number | null>(null);
  const cards = useRef(new Map<number, HTMLElement>());
  const { ranks, ratings, flags } = draft;
  const unplaced = idsUnplaced(ranks, shown);
  const unrated = lettersUnrated(shown, schema, ratings);
  const canSubmit = unplaced.length === 0 && unrated.length === 0 && !isSending && !isLost;
  const firstAxis = schema.axes[0]?.key;
  const byRating = firstAxis === undefined ? null : ranksByRating(shown, (id) => ratings[id]?.[firstAxis]);

  const focusCard = useCallback((id: number) => cards.current.get(id)?.focus(), []);
  const send = () => canSubmit && submit({ ranks, ratings, flags, all_bad: draft.all_bad });
  const placeByRating = () => byRating && change({ ranks: byRating });
  const drop = (id: number, target: DropTarget) =>
    change((previous) => {
      if (target.kind === "tray") return { ranks: rankClear(previous.ranks, id) };
      if (target.kind === "row") return { ranks: rankSet(previous.ranks, id, target.row) };
      return { ranks: rankInsert(previous.ranks, id, target.row, shown.length) };
    });
  const back = onStep && (() => onStep(shown.length - 1));
  useRankingKeys({ shown, focused, change, focusCard, submit: send, placeByRating, back });
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
            <RankedCard
              key={completion.id}
              ref={(element) => {
                if (element) cards.current.set(completion.id, element);
                else cards.current.delete(completion.id);
              }}
              completion={completion}
              index={index}
              numRanks={shown.length}
              schema={schema}
              rank={ranks[completion.id] ?? null}
              {...judgementOf({ draft, change }, completion.id)}
              isFocused={focused === completion.id}
              onFocus={() => setFocused(completion.id)}
              onRank={(rank) =>
                change((previous) => ({
                  ranks: rank === null ? rankClear(previous.ranks, completion.id) : rankSet(previous.ranks, completion.id, rank),
                }))
              }
              tools={<CompletionTools {...{ completions, index, draft, change }} isActive={(focused ?? shown[0]) === completion.id} />}
              onRateAgain={onStep && (() => onStep(index))}
            />
          ))}
        </div>
        <Paper withBorder radius="md" p="sm" className={classes.side} component="section" aria-label={kinds.ranking.yourOrder}>
          <Stack gap="sm">
            <RankingBoard shown={shown} ranks={ranks} onPick={focusCard} />
            {byRating && (
              <Button variant="default" size="xs" onClick={placeByRating} aria-keyshortcuts="S" data-testid="place-by-rating">
                {kinds.ranking.placeByRating}
              </Button>
            )}
            <Text size="sm" aria-live="polite" data-testid="order-text">
              {orderText(ranks, shown) || kinds.ranking.nothingPlaced}
            </Text>
            <Checkbox
              size="sm"
              label={kinds.ranking.allBad}
              checked={draft.all_bad}
              onChange={(event) => change({ all_bad: event.currentTarget.checked })}
              data-testid="all-bad"
            />
            <Textarea
              label={task.notes}
              autosize
              minRows={1}
              maxRows={6}
              value={draft.notes}
              onChange={(event) => change({ notes: event.currentTarget.value })}
              data-testid="notes"
            />
            <Group justify="space-between" wrap="nowrap" className={shared.submitBar}>
              <Text size="xs" c="dimmed" data-testid="submit-hint">
                {missing ? kinds.ranking.missing(missing) : unrated.length ? kinds.ranking.unrated(unrated.join(", ")) : kinds.ranking.enterSubmits}
              </Text>
              <Button flex="none" onClick={send} disabled={!canSubmit} loading={isSending} data-testid="rank-submit">
                {task.submit}
              </Button>
            </Group>
          </Stack>
        </Paper>
      </div>
    </RankingDrag>
  );
}
