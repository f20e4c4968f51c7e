import type { KeyboardEvent } from "react";

import type { ShownAxis } from "@/lib/task-models";

import classes from "./task.module.css";

interface RatingRowProps {
  axis: ShownAxis;
  name: string;
  testId: string;
  value: number | null;
  onChange: (value: number) => void;
}

/** One axis as radio buttons in a row; a digit rates while the row has the focus. */
export function RatingRow({ axis, name, testId, value, onChange }: RatingRowProps) {
  const steps = Array.from({ length: axis.maximum - axis.minimum + 1 }, (_, index) => axis.minimum + index);
  const rateByDigit = (event: KeyboardEvent) => {
    const digit = Number(event.key);
    if (event.key.trim() && steps.includes(digit)) {
      event.preventDefault();
      onChange(digit);
    }
  };
  return (
    <fieldset className={classes.rating} onKeyDown={rateByDigit} data-testid={testId}>
      <legend className={classes.ratingLegend}>{axis.label}</legend>
      <span className={classes.ratingLabel} aria-hidden>
        {axis.label}
        {axis.is_required && " *"}
      </span>
      <span className={classes.ratingSteps} title={`${axis.minimum}: ${axis.low}   ${axis.maximum}: ${axis.high}`}>
        {steps.map((step) => (
          <label key={step} className={classes.ratingStep}>
            <input
              type="radio"
              name={name}
              checked={value === step}
              aria-label={`${step}${step === axis.minimum ? `, ${axis.low}` : step === axis.maximum ? `, ${axis.high}` : ""}`}
              onChange={() => onChange(step)}
            />
            <span>{step}</span>
          </label>
        ))}
      </span>
    </fieldset>
  );
}
