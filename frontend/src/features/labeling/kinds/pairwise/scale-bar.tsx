import { useTexts } from "@/lib/language";

import classes from "./pairwise.module.css";
import type { ScaleStep } from "./scale";

interface ScaleBarProps {
  steps: ScaleStep[];
  chosen: number | null;
  onChoose: (index: number) => void;
}

/** The scale as radio buttons in a row, A on the left and B on the right. The choice is said in words below. */
export function ScaleBar({ steps, chosen, onChoose }: ScaleBarProps) {
  const { pairwise } = useTexts().kinds;
  return (
    <fieldset className={classes.scale} data-testid="pairwise-scale">
      <legend className={classes.legend}>{pairwise.question}</legend>
      <span className={classes.end} aria-hidden>
        A
      </span>
      <div className={classes.steps}>
        {steps.map((step, index) => (
          <label key={step.text} className={classes.step} data-side={step.preferred ?? "none"} title={step.text}>
            <input
              type="radio"
              name="pairwise-scale"
              checked={chosen === index}
              aria-label={step.text}
              onChange={() => onChoose(index)}
              data-testid={`scale-${index + 1}`}
            />
            <span>{index + 1}</span>
          </label>
        ))}
      </div>
      <span className={classes.end} aria-hidden>
        B
      </span>
    </fieldset>
  );
}
