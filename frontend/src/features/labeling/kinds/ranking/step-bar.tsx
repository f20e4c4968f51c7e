import { useTexts } from "@/lib/language";
import type { ShownCompletion } from "@/lib/task-models";

import type { AnswerDraft } from "../../draft-store";
import { letterOf } from "./ranks";
import classes from "./ranking.module.css";

interface StepBarProps {
  completions: ShownCompletion[];
  draft: AnswerDraft;
  step: number;
  onStep: (step: number) => void;
}

/** Where the labeler stands: one step for each completion, then the order. */
export function StepBar({ completions, draft, step, onStep }: StepBarProps) {
  const { ranking } = useTexts().kinds;
  return (
    <nav className={classes.steps} aria-label={ranking.steps}>
      {completions.map(({ id }, index) => {
        const rating = Object.values(draft.ratings[id] ?? {})[0];
        return (
          <button
            key={id}
            type="button"
            className={classes.step}
            aria-current={step === index ? "step" : undefined}
            data-done={rating !== undefined || undefined}
            onClick={() => onStep(index)}
            data-testid={`step-${letterOf(index)}`}
            aria-label={rating === undefined ? ranking.rate(letterOf(index)) : ranking.rated(letterOf(index), rating)}
          >
            <strong>{letterOf(index)}</strong>
            <span>{rating ?? "-"}</span>
          </button>
        );
      })}
      <button
        type="button"
        className={classes.step}
        aria-current={step === completions.length ? "step" : undefined}
        onClick={() => onStep(completions.length)}
        data-testid="step-order"
      >
        <strong>{ranking.order}</strong>
      </button>
    </nav>
  );
}
