import type { ShownSchema } from "@/lib/task-models";
import { useTexts } from "@/lib/language";

import { useWindowKeys } from "../../hooks/use-window-keys";
import { isControl, isShortcut } from "../../keys";
import type { AnswerProps } from "../answer-props";
import { ranksOfStep, stepAt, stepMove, stepsOf } from "./scale";

interface PairProps extends Pick<AnswerProps, "draft" | "change"> {
  schema: ShownSchema;
  shown: readonly [number, number];
  isActive: boolean; // whether keys judge this pair now
  onEnter: () => void; // Enter, pressed where it belongs to nothing else
}

/** What is said of two texts on the scale, and the keys that say it. */
export function usePair({ schema, draft, change, shown, isActive, onEnter }: PairProps) {
  const { pairwise } = useTexts().kinds;
  const steps = stepsOf(schema.pairwise_scale, pairwise);
  const chosen = stepAt(steps, draft.ranks, draft.strength, shown);
  const preferred = steps[chosen ?? -1]?.preferred ?? null;

  const choose = (index: number) => {
    const step = steps[index];
    if (step) change({ ranks: ranksOfStep(step, shown), strength: step.strength });
  };
  useWindowKeys((event) => {
    if (!isActive || !isShortcut(event)) return;
    const { target, key } = event;
    const isRating = target instanceof HTMLInputElement && target.type === "radio" && target.name !== "pairwise-scale";
    const isScale = target instanceof HTMLInputElement && target.name === "pairwise-scale";
    if (key === "Enter" && (isRating || isScale || !isControl(target))) onEnter();
    else if (key === "x" || key === "X") change(({ all_bad }) => ({ all_bad: !all_bad }));
    else if (!isRating && /^[1-9]$/.test(key) && Number(key) <= steps.length) choose(Number(key) - 1);
    else if (!isRating && !isScale && key === "ArrowLeft") choose(stepMove(chosen, -1, steps.length));
    else if (!isRating && !isScale && key === "ArrowRight") choose(stepMove(chosen, 1, steps.length));
    else return;
    event.preventDefault();
  });

  /** The answer as the server reads it; where both are bad and none is preferred, a tie. */
  const verdict = () => {
    const tie = { [shown[0]]: 1, [shown[1]]: 1 };
    const preference = chosen === null ? { ranks: tie, strength: 0 } : { ranks: draft.ranks, strength: draft.strength };
    const ofShown = <T,>(said: Record<number, T>) =>
      Object.fromEntries(Object.entries(said).filter(([id]) => shown.includes(Number(id)))) as Record<string, T>;
    return { ...preference, ratings: ofShown(draft.ratings), flags: ofShown(draft.flags), all_bad: draft.all_bad };
  };
  return { steps, chosen, choose, preferred, isJudged: chosen !== null || draft.all_bad, verdict };
}
