import { Button, Checkbox, Group, Paper, Stack, Text, Textarea } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import { useTexts } from "@/lib/language";

import { CompletionText } from "../../components/completion-text";
import { CompletionTools } from "../../components/completion-tools";
import { JudgementFields } from "../../components/judgement-fields";
import shared from "../../components/task.module.css";
import { judgementOf, useShownCompletions } from "../../hooks/use-judgements";
import { useWindowKeys } from "../../hooks/use-window-keys";
import { isControl, isShortcut, isSubmit } from "../../keys";
import type { AnswerProps } from "../answer-props";
import { letterOf } from "../ranking/ranks";
import classes from "./pairwise.module.css";
import { ScaleBar } from "./scale-bar";
import { ranksOfStep, stepAt, stepMove, stepsOf } from "./scale";

/** Two completions side by side: which is better and by how much, or both are bad. */
export function PairwiseTask({ assignment, draft, change, submit, isSending, isLost }: AnswerProps) {
  const { kinds, task } = useTexts();
  const { pairwise } = kinds;
  const { schema } = assignment.task.label_schema;
  const completions = useShownCompletions(assignment.task.completions);
  const shown = [completions[0]?.id ?? 0, completions[1]?.id ?? 0] as const;
  const steps = stepsOf(schema.pairwise_scale, pairwise);
  const chosen = stepAt(steps, draft.ranks, draft.strength, shown);
  const canSubmit = (chosen !== null || draft.all_bad) && !isSending && !isLost;
  const [focused, setFocused] = useState(0);
  const first = useRef<HTMLElement>(null);
  useEffect(() => {
    window.scrollTo(0, 0);
    first.current?.focus({ preventScroll: true });
  }, []);

  const choose = (index: number) => {
    const step = steps[index];
    if (step) change({ ranks: ranksOfStep(step, shown), strength: step.strength });
  };
  const send = () => {
    if (!canSubmit) return;
    const tie = { [shown[0]]: 1, [shown[1]]: 1 };
    const preference = chosen === null ? { ranks: tie, strength: 0 } : { ranks: draft.ranks, strength: draft.strength };
    submit({ ...preference, ratings: draft.ratings, flags: draft.flags, all_bad: draft.all_bad });
  };
  useWindowKeys((event) => {
    if (isSubmit(event)) return send();
    if (!isShortcut(event)) return;
    const { target, key } = event;
    const isRating = target instanceof HTMLInputElement && target.type === "radio" && target.name !== "pairwise-scale";
    const isScale = target instanceof HTMLInputElement && target.name === "pairwise-scale";
    if (key === "Enter" && (isRating || isScale || !isControl(target))) send();
    else if (key === "x" || key === "X") change(({ all_bad }) => ({ all_bad: !all_bad }));
    else if (!isRating && /^[1-9]$/.test(key) && Number(key) <= steps.length) choose(Number(key) - 1);
    else if (!isRating && !isScale && key === "ArrowLeft") choose(stepMove(chosen, -1, steps.length));
    else if (!isRating && !isScale && key === "ArrowRight") choose(stepMove(chosen, 1, steps.length));
    else return;
    event.preventDefault();
  });

  return (
    <>
      <div className={classes.pair}>
        {completions.map((completion, index) => (
          <article
            key={completion.id}
            ref={index === 0 ? first : undefined}
            tabIndex={0}
            className={shared.card}
            onFocus={() => setFocused(index)}
            data-preferred={steps[chosen ?? -1]?.preferred === letterOf(index) || undefined}
            data-testid={`pair-card-${completion.position}`}
            data-completion-id={completion.id}
            aria-label={task.completion(letterOf(index))}
          >
            <header className={shared.cardHeader}>
              <strong className={classes.letter}>{letterOf(index)}</strong>
              <CompletionTools {...{ completions, index, draft, change }} isActive={focused === index} />
            </header>
            <div className={shared.cardText}>
              <CompletionText text={completion.text} />
            </div>
            {schema.axes.length + schema.flags.length > 0 && (
              <details className={classes.more}>
                <summary data-testid={`pair-more-${letterOf(index)}`}>{pairwise.more(letterOf(index))}</summary>
                <JudgementFields
                  completionId={completion.id}
                  letter={letterOf(index)}
                  schema={schema}
                  {...judgementOf({ draft, change }, completion.id)}
                />
              </details>
            )}
          </article>
        ))}
      </div>
      <Paper withBorder radius="md" p="sm" mt="sm" className={classes.verdict} component="section" aria-label={pairwise.yourChoice}>
        <Stack gap="xs">
          <ScaleBar steps={steps} chosen={chosen} onChoose={choose} />
          <Text size="sm" ta="center" aria-live="polite" data-testid="pairwise-text">
            {chosen === null ? pairwise.nothingChosen : `${steps[chosen]?.text}.`}
          </Text>
          <Group justify="space-between" gap="xs">
            <Checkbox
              size="sm"
              label={pairwise.bothBad}
              checked={draft.all_bad}
              onChange={(event) => change({ all_bad: event.currentTarget.checked })}
              data-testid="all-bad"
            />
            <Textarea
              flex={1}
              miw={160}
              aria-label={task.notes}
              placeholder={task.notes}
              autosize
              minRows={1}
              maxRows={6}
              value={draft.notes}
              onChange={(event) => change({ notes: event.currentTarget.value })}
              data-testid="notes"
            />
            <Button onClick={send} disabled={!canSubmit} loading={isSending} data-testid="pairwise-submit">
              {task.submit}
            </Button>
          </Group>
        </Stack>
      </Paper>
    </>
  );
}
