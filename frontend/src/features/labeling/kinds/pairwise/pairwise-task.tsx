import { Button, Checkbox, Group, Paper, Stack, Text, Textarea } from "@mantine/core";
import { useEffect, useRef } from "react";

import { useTexts } from "@/lib/language";

import { useShownCompletions } from "../../hooks/use-judgements";
import { useWindowKeys } from "../../hooks/use-window-keys";
import { isSubmit } from "../../keys";
import type { AnswerProps } from "../answer-props";
import { PairCards } from "./pair-cards";
import classes from "./pairwise.module.css";
import { ScaleBar } from "./scale-bar";
import { usePair } from "./use-pair";

/** Two completions side by side: which is better and by how much, or both are bad. */
export function PairwiseTask({ assignment, draft, change, submit, isSending, isLost }: AnswerProps) {
  const { kinds, task } = useTexts();
  const { pairwise } = kinds;
  const { schema } = assignment.task.label_schema;
  const completions = useShownCompletions(assignment.task.completions);
  const shown = [completions[0]?.id ?? 0, completions[1]?.id ?? 0] as const;
  const pair = usePair({ schema, draft, change, shown, isActive: true, onEnter: () => send() });
  const { steps, chosen, choose } = pair;
  const canSubmit = pair.isJudged && !isSending && !isLost;
  const first = useRef<HTMLElement>(null);
  useEffect(() => {
    window.scrollTo(0, 0);
    first.current?.focus({ preventScroll: true });
  }, []);

  const send = () => canSubmit && submit(pair.verdict());
  useWindowKeys((event) => {
    if (isSubmit(event)) send();
  });

  return (
    <>
      <PairCards {...{ completions, schema, draft, change, first }} preferred={pair.preferred} />
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
