import { Button, Group, Paper, SegmentedControl, Stack, Text } from "@mantine/core";
import { useState } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";
import { Markdown } from "@/components/ui/markdown";
import { QueryView } from "@/components/ui/query-view";
import { WordDiff } from "@/components/ui/word-diff";
import { useTexts } from "@/lib/language";

import { acknowledgeGuideline } from "../api/acknowledge-guideline";
import { useGuidelines } from "../api/get-guideline";

/** Changed guidelines, read and acknowledged before the next task. Says first what changed. */
export function GuidelineGate({ projectId, onRead }: { projectId: number; onRead: () => Promise<void> }) {
  const { common, task } = useTexts();
  const guidelines = useGuidelines(projectId);
  const [view, setView] = useState("changes");
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const acknowledge = async (number: number) => {
    setIsBusy(true);
    try {
      await acknowledgeGuideline(projectId, number);
      await onRead();
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
      void guidelines.refetch(); // perhaps there is a still newer version
      setIsBusy(false);
    }
  };
  return (
    <QueryView query={guidelines}>
      {([newest, before]) =>
        newest && (
          <Paper withBorder radius="md" p="md" maw={860} mx="auto" data-testid="guideline-gate">
            <Stack>
              <div>
                <Text fw={650} size="lg">
                  {task.guidelinesChanged}
                </Text>
                <Text size="sm" c="dimmed">
                  {task.guidelinesChangedText(newest.number)}
                </Text>
              </div>
              {before && (
                <SegmentedControl
                  w="fit-content"
                  size="xs"
                  aria-label={common.view}
                  value={view}
                  onChange={setView}
                  data={[
                    { value: "changes", label: task.whatChanged },
                    { value: "whole", label: task.wholeText },
                  ]}
                />
              )}
              {before && view === "changes" ? <WordDiff before={before.text} after={newest.text} /> : <Markdown text={newest.text} />}
              <ErrorAlert error={error} />
              <Group justify="flex-end">
                <Button loading={isBusy} onClick={() => void acknowledge(newest.number)} data-testid="guideline-acknowledge">
                  {task.haveRead}
                </Button>
              </Group>
            </Stack>
          </Paper>
        )
      }
    </QueryView>
  );
}
