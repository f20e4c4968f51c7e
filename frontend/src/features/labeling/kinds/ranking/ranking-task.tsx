import { useShownCompletions } from "../../hooks/use-judgements";
import type { AnswerProps } from "../answer-props";
import { AssessStep } from "./assess-step";
import { OrderStep } from "./order-step";
import { StepBar } from "./step-bar";

/** K completions: each is rated and flagged by itself first, then all of them are put in order. */
export function RankingTask(props: AnswerProps) {
  const { assignment, draft, change } = props;
  const { axes, flags } = assignment.task.label_schema.schema;
  const completions = useShownCompletions(assignment.task.completions);
  const hasRatings = axes.length + flags.length > 0;
  const step = hasRatings ? Math.min(draft.step, completions.length) : completions.length;
  const goTo = (next: number) => change({ step: Math.min(Math.max(next, 0), completions.length) });
  const completion = completions[step];
  return (
    <>
      {hasRatings && <StepBar completions={completions} draft={draft} step={step} onStep={goTo} />}
      {completion ? (
        <AssessStep key={completion.id} {...props} completions={completions} completion={completion} index={step} onStep={goTo} />
      ) : (
        <OrderStep {...props} completions={completions} onStep={hasRatings ? goTo : null} />
      )}
    </>
  );
}
