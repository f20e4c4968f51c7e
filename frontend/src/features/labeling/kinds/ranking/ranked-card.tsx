import { useDraggable } from "@dnd-kit/core";
import { Button, Group } from "@mantine/core";
import { IconGripVertical } from "@tabler/icons-react";
import type { ReactNode, Ref } from "react";

import { useTexts } from "@/lib/language";
import type { ShownCompletion, ShownSchema } from "@/lib/task-models";

import { CompletionText } from "../../components/completion-text";
import { JudgementSummary } from "../../components/judgement-summary";
import shared from "../../components/task.module.css";
import { letterOf } from "./ranks";
import classes from "./ranking.module.css";

interface RankedCardProps {
  ref: Ref<HTMLElement>;
  completion: ShownCompletion;
  index: number;
  numRanks: number;
  schema: ShownSchema;
  rank: number | null;
  ratings: Record<string, number>;
  flags: string[];
  isFocused: boolean;
  onFocus: () => void;
  onRank: (rank: number | null) => void;
  tools: ReactNode;
  onRateAgain: (() => void) | null; // null: the label schema asks for no ratings
}

/** One completion in the order: its text, its rank, and what was said of it. Its letter is its place in the order shown. */
export function RankedCard(props: RankedCardProps) {
  const { ref, completion, index, numRanks, schema, rank, ratings, flags, isFocused, onRateAgain } = props;
  const { ranking } = useTexts().kinds;
  const letter = letterOf(index);
  const { setNodeRef, listeners } = useDraggable({ id: `card-${completion.id}`, data: { completion: completion.id } });
  return (
    <article
      ref={ref}
      tabIndex={0}
      className={shared.card}
      data-focused={isFocused || undefined}
      data-testid={`completion-card-${completion.position}`}
      data-completion-id={completion.id}
      aria-label={rank === null ? ranking.notPlaced(letter) : ranking.placed(letter, rank)}
      onFocus={props.onFocus}
    >
      <header className={shared.cardHeader}>
        <span ref={setNodeRef} {...listeners} className={classes.grip} title={ranking.dragToRow} data-testid={`drag-${letter}`}>
          <IconGripVertical size={16} aria-hidden />
          <strong>{letter}</strong>
        </span>
        <div role="group" aria-label={ranking.rankOf(letter)} className={classes.rankButtons}>
          {Array.from({ length: numRanks }, (_, row) => row + 1).map((row) => (
            <button
              key={row}
              type="button"
              tabIndex={-1}
              className={classes.rankButton}
              aria-pressed={rank === row}
              aria-label={ranking.rank(row)}
              onClick={() => props.onRank(rank === row ? null : row)}
              data-testid={`rank-${letter}-${row}`}
            >
              {row}
            </button>
          ))}
        </div>
      </header>
      <div className={shared.cardText}>
        <CompletionText text={completion.text} />
      </div>
      <footer className={shared.cardFooter}>
        {onRateAgain && <JudgementSummary schema={schema} ratings={ratings} flags={flags} />}
        <Group justify="flex-end" gap={4}>
          {props.tools}
          {onRateAgain && (
            <Button size="compact-xs" variant="subtle" tabIndex={-1} onClick={onRateAgain} data-testid={`rate-again-${letter}`}>
              {ranking.rateAgain}
            </Button>
          )}
        </Group>
      </footer>
    </article>
  );
}
