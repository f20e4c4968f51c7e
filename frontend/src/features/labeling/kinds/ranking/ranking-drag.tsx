import {
  DndContext,
  DragOverlay,
  MouseSensor,
  pointerWithin,
  rectIntersection,
  TouchSensor,
  useSensor,
  useSensors,
  type CollisionDetection,
} from "@dnd-kit/core";
import { useState, type ReactNode } from "react";

import { letterOf } from "./ranks";
import type { DropTarget } from "./ranking-board";
import classes from "./ranking.module.css";

interface RankingDragProps {
  shown: number[];
  onDrop: (id: number, target: DropTarget) => void;
  children: ReactNode;
}

const collide: CollisionDetection = (args) => {
  const under = pointerWithin(args);
  return under.length ? under : rectIntersection(args);
};

/** Dragging by mouse and by touch; a short hold starts a touch drag, so that scrolling never moves a completion. */
export function RankingDrag({ shown, onDrop, children }: RankingDragProps) {
  const [dragged, setDragged] = useState<number | null>(null);
  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 4 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 160, tolerance: 8 } }),
  );
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={collide}
      onDragStart={({ active }) => setDragged(Number(active.data.current?.completion))}
      onDragCancel={() => setDragged(null)}
      onDragEnd={({ active, over }) => {
        setDragged(null);
        if (over) onDrop(Number(active.data.current?.completion), over.data.current as DropTarget);
      }}
    >
      {children}
      <DragOverlay dropAnimation={null}>
        {dragged !== null && <span className={classes.chip}>{letterOf(shown.indexOf(dragged))}</span>}
      </DragOverlay>
    </DndContext>
  );
}
