import { Button, Group, Paper, SegmentedControl, Text, Textarea } from "@mantine/core";
import { IconMinus, IconPlus } from "@tabler/icons-react";
import { useState } from "react";

import { useFormats, useTexts } from "@/lib/language";


import classes from "../../components/task.module.css";
import { isSubmit } from "../../keys";
import { useWindowKeys } from "../../hooks/use-window-keys";
import type { AnswerProps } from "../answer-props";
import { Brief } from "./brief";
import { PromptLabels } from "./prompt-labels";
import { TurnField } from "./turn-field";
import { turnsAreWritten, turnsGrow, turnsOf, turnsShrink } from "./turns";

function countWords(text: string): number {
  return text.trim() ? text.trim().split(/\s+/).length : 0;
}

/** The labeler writes the answer, and the conversation on from there; where no prompt is given, the prompt too. */
export function DemonstrationTask({ assignment, draft, change, submit, isSending, isLost }: AnswerProps) {
  const { common, kinds, task } = useTexts();
  const { demonstration } = kinds;
  const { formatCount } = useFormats();
  const { prompt_style: style, brief, label_schema } = assignment.task;
  const [view, setView] = useState("write");
  const turns = turnsOf(style, draft.turns);
  const canSubmit = turnsAreWritten(turns) && !isSending && !isLost;
  const shrunk = turnsShrink(style, turns);
  const write = (index: number, text: string) =>
    change((previous) => ({
      turns: turnsOf(style, previous.turns).map(({ content }, at) => (at === index ? text : content)),
    }));
  const send = () => canSubmit && submit({ turns, use_case: draft.use_case, prompt_flags: draft.prompt_flags });
  useWindowKeys((event) => {
    if (isSubmit(event)) send();
  });
  const numWords = countWords(turns.map(({ content }) => content).join(" "));
  return (
    <>
      <Brief style={style} brief={brief} />
      <Paper withBorder radius="md" p="sm" component="section" aria-label={demonstration.yourAnswer}>
        <Group justify="space-between" mb="xs">
          <SegmentedControl
            size="xs"
            value={view}
            onChange={setView}
            aria-label={common.view}
            data={[
              { value: "write", label: demonstration.write },
              { value: "preview", label: demonstration.preview },
            ]}
          />
          <Text size="xs" c="dimmed" data-testid="word-count">
            {demonstration.words(numWords, formatCount(numWords))}
          </Text>
        </Group>
        {turns.map((turn, index) => (
          <TurnField
            key={index}
            turn={turn}
            index={index}
            isAlone={turns.length === 1}
            isPreview={view === "preview"}
            onWrite={(text) => write(index, text)}
          />
        ))}
        <Group gap="xs" mt="xs">
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconPlus size={14} />}
            onClick={() => change({ turns: turnsGrow(turns) })}
            data-testid="turn-add"
          >
            {style === "few_shot" ? demonstration.anotherRequest : demonstration.goOn}
          </Button>
          {shrunk && (
            <Button
              size="compact-sm"
              variant="subtle"
              color="gray"
              leftSection={<IconMinus size={14} />}
              onClick={() => change({ turns: shrunk })}
              data-testid="turn-remove"
            >
              {demonstration.removeLast}
            </Button>
          )}
        </Group>
        <PromptLabels schema={label_schema.schema} draft={draft} change={change} />
        <Textarea
          mt="sm"
          label={task.notes}
          description={demonstration.notesText}
          autosize
          minRows={1}
          value={draft.notes}
          onChange={(event) => change({ notes: event.currentTarget.value })}
          data-testid="notes"
        />
        <Group justify="flex-end" mt="sm" className={classes.submitBar}>
          <Text size="xs" c="dimmed">
            {turnsAreWritten(turns) ? demonstration.ready : turns.length === 1 ? demonstration.toWrite : demonstration.toFill}
          </Text>
          <Button onClick={send} disabled={!canSubmit} loading={isSending} data-testid="demonstration-submit">
            {task.submit}
          </Button>
        </Group>
      </Paper>
    </>
  );
}
