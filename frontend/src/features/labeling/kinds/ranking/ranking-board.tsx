import { useDraggable, useDroppable } from "@dnd-kit/core";
import { Text } from "@mantine/core";
import { Fragment, type ReactNode } from "react";

import { useTexts } from "@/lib/language";

import { idsInRow, idsUnplaced, letterOf, type Ranks } from "./ranks";
import classes from "./ranking.module.css";

/** Where a dragged completion can be let go: into a row, between two rows, or back to those without a rank. */
export type DropTarget = { kind: "row"; row: number } | { kind: "gap"; row: number } | { kind: "tray" };

interface RankingBoardProps {
  shown: number[];
  ranks: Ranks;
  onPick: (id: number) => void;
}

export function RankingBoard({ shown, ranks, onPick }: RankingBoardProps) {
  const { ranking } = useTexts().kinds;
  const chips = (ids: number[]) =>
    ids.map((id) => <Chip key={id} id={id} letter={letterOf(shown.indexOf(id))} onPick={() => onPick(id)} />);
  const unplaced = idsUnplaced(ranks, shown);
  return (
    <div className={classes.board}>
      <Zone id="tray" target={{ kind: "tray" }} className={classes.tray} testId="rank-tray">
        <Text size="xs" c="dimmed" className={classes.trayLabel}>
          {unplaced.length ? ranking.toPlace : ranking.allPlaced}
        </Text>
        {chips(unplaced)}
      </Zone>
      {shown.map((_, index) => {
        const row = index + 1;
        return (
          <Fragment key={row}>
            <Zone id={`gap-${row}`} target={{ kind: "gap", row }} className={classes.gap} testId={`rank-gap-${row}`} />
            <Zone id={`row-${row}`} target={{ kind: "row", row }} className={classes.row} testId={`rank-row-${row}`}>
              <span className={classes.rowNumber}>{row === 1 ? ranking.best : row}</span>
              {chips(idsInRow(ranks, shown, row))}
            </Zone>
          </Fragment>
        );
      })}
    </div>
  );
}

interface ZoneProps {
  id: string;
  target: DropTarget;
  className: string | undefined;
  testId: string;
  children?: ReactNode;
}

function Zone({ id, target, className, testId, children }: ZoneProps) {
  const { setNodeRef, isOver } = useDroppable({ id, data: target });
  return (
    <div ref={setNodeRef} className={className} data-over={isOver || undefined} data-testid={testId}>
      {children}
    </div>
  );
}

function Chip({ id, letter, onPick }: { id: number; letter: string; onPick: () => void }) {
  const { ranking } = useTexts().kinds;
  const { setNodeRef, listeners, isDragging } = useDraggable({ id: `chip-${id}`, data: { completion: id } });
  return (
    <button
      type="button"
      ref={setNodeRef}
      {...listeners}
      className={classes.chip}
      data-dragging={isDragging || undefined}
      data-testid={`rank-chip-${letter}`}
      aria-label={ranking.goTo(letter)}
      tabIndex={-1}
      onClick={onPick}
    >
      {letter}
    </button>
  );
}
