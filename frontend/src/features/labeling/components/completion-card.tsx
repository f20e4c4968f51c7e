import { useDraggable } from "@dnd-kit/core";
import { Chip, Group, Text } from "@mantine/core";
import { IconGripVertical } from "@tabler/icons-react";
import type { Ref } from "react";

import { Markdown } from "@/components/ui/markdown";
import type { ShownCompletion, ShownSchema } from "@/lib/task-models";

import { letterOf } from "../ranks";
import { RatingRow } from "./rating-row";
import classes from "./task.module.css";

interface CompletionCardProps {
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
  onRate: (axis: string, value: number) => void;
  onFlag: (keys: string[]) => void;
}

/** One completion: its text, its rank, its ratings and flags. Its letter is its place in the order shown. */
export function CompletionCard(props: CompletionCardProps) {
  const { ref, completion, index, numRanks, schema, rank, ratings, flags, isFocused } = props;
  const letter = letterOf(index);
  const { setNodeRef, listeners } = useDraggable({ id: `card-${completion.id}`, data: { completion: completion.id } });
  return (
    <article
      ref={ref}
      tabIndex={0}
      className={classes.card}
      data-focused={isFocused || undefined}
      data-testid={`completion-card-${completion.position}`}
      data-completion-id={completion.id}
      aria-label={`Completion ${letter}, ${rank === null ? "not placed" : `rank ${rank}`}`}
      onFocus={props.onFocus}
    >
      <header className={classes.cardHeader}>
        <span ref={setNodeRef} {...listeners} className={classes.grip} title="Drag to a row" data-testid={`drag-${letter}`}>
          <IconGripVertical size={16} aria-hidden />
          <strong>{letter}</strong>
        </span>
        <div role="group" aria-label={`Rank of ${letter}`} className={classes.rankButtons}>
          {Array.from({ length: numRanks }, (_, row) => row + 1).map((row) => (
            <button
              key={row}
              type="button"
              tabIndex={-1}
              className={classes.rankButton}
              aria-pressed={rank === row}
              aria-label={`Rank ${row}`}
              onClick={() => props.onRank(rank === row ? null : row)}
              data-testid={`rank-${letter}-${row}`}
            >
              {row}
            </button>
          ))}
        </div>
      </header>
      <div className={classes.cardText}>
        {completion.text.trim() ? <Markdown text={completion.text} /> : <Text c="dimmed">(an empty completion)</Text>}
      </div>
      <footer className={classes.cardFooter}>
        {schema.axes.map((axis) => (
          <RatingRow
            key={axis.key}
            axis={axis}
            name={`rating-${completion.id}-${axis.key}`}
            testId={`rating-${letter}-${axis.key}`}
            value={ratings[axis.key] ?? null}
            onChange={(value) => props.onRate(axis.key, value)}
          />
        ))}
        {schema.flags.length > 0 && (
          <Chip.Group multiple value={flags} onChange={props.onFlag}>
            <Group gap={4} mt={6} role="group" aria-label={`Flags of ${letter}`}>
              {schema.flags.map(({ key, label }) => (
                <Chip key={key} value={key} size="xs" radius="sm" color="red" variant="light" data-testid={`flag-${letter}-${key}`}>
                  {label}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
        )}
      </footer>
    </article>
  );
}
