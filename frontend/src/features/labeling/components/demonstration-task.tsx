import { Button, Group, Paper, SegmentedControl, Text, Textarea } from "@mantine/core";
import { useState } from "react";

import { Markdown } from "@/components/ui/markdown";
import { formatCount } from "@/lib/format";

import type { AnswerProps } from "./answer-props";
import classes from "./task.module.css";

function countWords(text: string): number {
  return text.trim() ? text.trim().split(/\s+/).length : 0;
}

export function DemonstrationTask({ draft, change, submit, isSending, isLost }: AnswerProps) {
  const [view, setView] = useState("write");
  const canSubmit = draft.text.trim() !== "" && !isSending && !isLost;
  const send = () => canSubmit && submit({ text: draft.text });
  const isPreview = view === "preview";
  return (
    <Paper withBorder radius="md" p="sm" component="section" aria-label="Your answer">
      <Group justify="space-between" mb="xs">
        <SegmentedControl
          size="xs"
          value={view}
          onChange={setView}
          aria-label="View"
          data={[
            { value: "write", label: "Write" },
            { value: "preview", label: "Preview" },
          ]}
        />
        <Text size="xs" c="dimmed" data-testid="word-count">
          {formatCount(countWords(draft.text))} words
        </Text>
      </Group>
      {isPreview ? (
        <div className={classes.preview}>
          {draft.text.trim() ? <Markdown text={draft.text} /> : <Text c="dimmed">Nothing is written yet.</Text>}
        </div>
      ) : (
        <Textarea
          aria-label="Your answer, in markdown"
          placeholder="Write the answer that the assistant should give."
          autosize
          minRows={9}
          maxRows={28}
          autoFocus
          value={draft.text}
          onChange={(event) => change({ text: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
          }}
          data-testid="demonstration-editor"
        />
      )}
      <Textarea
        mt="sm"
        label="Notes for the team"
        description="Not part of the answer."
        autosize
        minRows={1}
        value={draft.notes}
        onChange={(event) => change({ notes: event.currentTarget.value })}
        data-testid="notes"
      />
      <Group justify="flex-end" mt="sm" className={classes.submitBar}>
        <Text size="xs" c="dimmed">
          {draft.text.trim() ? "Ctrl + Enter submits" : "Write an answer to submit"}
        </Text>
        <Button onClick={send} disabled={!canSubmit} loading={isSending} data-testid="demonstration-submit">
          Submit
        </Button>
      </Group>
    </Paper>
  );
}
