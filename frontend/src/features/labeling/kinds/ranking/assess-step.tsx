import { Button, Group, Paper, Text } from "@mantine/core";
import { useEffect, useRef } from "react";

import { useTexts } from "@/lib/language";
import type { ShownCompletion } from "@/lib/task-models";

import { CompletionText } from "../../components/completion-text";
import { CompletionTools } from "../../components/completion-tools";
import { JudgementFields } from "../../components/judgement-fields";
import shared from "../../components/task.module.css";
import { judgementOf } from "../../hooks/use-judgements";
import { useWindowKeys } from "../../hooks/use-window-keys";
import { isControl, isShortcut } from "../../keys";
import type { AnswerProps } from "../answer-props";
import { letterOf } from "./ranks";
import classes from "./ranking.module.css";

export const FLAG_KEYS = "qwryuiopasfhzxcvm"; // none that means something else on the page

interface AssessStepProps extends AnswerProps {
  completions: ShownCompletion[];
  completion: ShownCompletion;
  index: number;
  onStep: (step: number) => void;
}

/** One completion by itself: read, rated, flagged. */
export function AssessStep({ assignment, draft, change, completions, completion, index, onStep }: AssessStepProps) {
  const { kinds, task } = useTexts();
  const { ranking } = kinds;
  const { schema } = assignment.task.label_schema;
  const judgement = judgementOf({ draft, change }, completion.id);
  const letter = letterOf(index);
  const isLast = index + 1 === completions.length;
  const card = useRef<HTMLElement>(null);
  useEffect(() => card.current?.focus({ preventScroll: index === 0 }), [index]);

  useWindowKeys((event) => {
    if (!isShortcut(event)) return;
    const { target, key } = event;
    const isRadio = target instanceof HTMLInputElement && target.type === "radio"; // arrows and digits rate there
    const first = schema.axes[0];
    const flag = schema.flags[FLAG_KEYS.indexOf(key)];
    if (key === "Enter" && (isRadio || !isControl(target))) onStep(index + 1);
    else if (key === "ArrowRight" && !isRadio) onStep(index + 1);
    else if (key === "ArrowLeft" && !isRadio) onStep(index - 1);
    else if (!isRadio && first && /^\d$/.test(key) && Number(key) >= first.minimum && Number(key) <= first.maximum)
      judgement.onRate(first.key, Number(key));
    else if (flag && key.length === 1) {
      const { flags } = judgement;
      judgement.onFlag(flags.includes(flag.key) ? flags.filter((given) => given !== flag.key) : [...flags, flag.key]);
    } else return;
    event.preventDefault();
  });

  return (
    <div className={classes.assess}>
      <article
        ref={card}
        tabIndex={0}
        className={shared.card}
        data-testid={`assess-card-${completion.position}`}
        data-completion-id={completion.id}
        aria-label={task.completion(letter)}
      >
        <header className={shared.cardHeader}>
          <strong className={classes.letter}>{letter}</strong>
          <CompletionTools {...{ completions, index, draft, change }} isActive />
        </header>
        <div className={shared.cardText}>
          <CompletionText text={completion.text} />
        </div>
      </article>
      <Paper withBorder radius="md" p="sm" className={classes.side} component="section" aria-label={ranking.rate(letter)}>
        <JudgementFields completionId={completion.id} letter={letter} schema={schema} flagKeys={FLAG_KEYS} {...judgement} />
        <Group justify="space-between" wrap="nowrap" mt="sm" className={shared.submitBar}>
          <Button variant="default" size="sm" disabled={index === 0} onClick={() => onStep(index - 1)} data-testid="assess-back">
            {ranking.back}
          </Button>
          <Text size="xs" c="dimmed" visibleFrom="sm">
            {ranking.enterGoesOn}
          </Text>
          <Button size="sm" onClick={() => onStep(index + 1)} data-testid="assess-next">
            {isLast ? ranking.toOrder : ranking.next}
          </Button>
        </Group>
      </Paper>
    </div>
  );
}
