import { Button, Group, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconArrowRight, IconMoodSmile } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { formatCount } from "@/lib/format";
import type { TaskKind } from "@/lib/models";

import { useLabelingSummary } from "../api/get-labeling-summary";
import { KINDS } from "../kinds/kinds";
import { GuidelinesButton } from "./guidelines-button";
import { SensitiveChoice } from "./sensitive-choice";
import { WaitingForOthers } from "./waiting-for-others";

export function LabelerHomePage() {
  const projectId = useRouteId("projectId");
  const summary = useLabelingSummary(projectId);
  return (
    <>
      <PageHeader title="Label" text="Write answers and judge what the model wrote. You always get the next task that needs you.">
        <GuidelinesButton projectId={projectId} />
      </PageHeader>
      <QueryView query={summary}>
        {({ open, mine, takes_sensitive, waiting_for_others }) => {
          const numOpen = Object.values(open).reduce((sum, number) => sum + number, 0);
          return (
            <Stack gap="lg">
              <Paper withBorder p="lg" radius="md">
                {numOpen > 0 ? (
                  <Group justify="space-between" gap="md">
                    <div>
                      <Text size="xl" fw={650}>
                        {formatCount(numOpen)} {numOpen === 1 ? "task waits" : "tasks wait"} for you
                      </Text>
                      <Text size="sm" c="dimmed">
                        What you write is saved as you go; you can stop at any time.
                      </Text>
                    </div>
                    <Button
                      component={Link}
                      to={`/projects/${projectId}/labeling/task`}
                      size="md"
                      rightSection={<IconArrowRight size={18} />}
                      data-testid="start-labeling"
                    >
                      Start
                    </Button>
                  </Group>
                ) : (
                  <EmptyState
                    icon={IconMoodSmile}
                    title="Nothing is open right now"
                    text="New tasks come when the round moves on. This page looks again by itself."
                  >
                    <Button
                      component={Link}
                      to={`/projects/${projectId}/labeling/task`}
                      variant="light"
                      data-testid="start-labeling"
                    >
                      Look for a task
                    </Button>
                  </EmptyState>
                )}
              </Paper>
              <SimpleGrid cols={{ base: 2, sm: 5 }} spacing="sm">
                {Object.entries(KINDS).map(([kind, { waiting }]) => (
                  <Figure key={kind} label={waiting} value={open[kind as TaskKind]} testId={`open-${kind}`} />
                ))}
                <Figure label="Yours in 24 hours" value={mine.today} testId="mine-today" />
                <Figure label="Yours in all" value={mine.total} testId="mine-total" />
              </SimpleGrid>
              <WaitingForOthers waiting={waiting_for_others} />
              <SensitiveChoice projectId={projectId} takesSensitive={takes_sensitive} />
            </Stack>
          );
        }}
      </QueryView>
    </>
  );
}

function Figure({ label, value, testId }: { label: string; value: number; testId: string }) {
  return (
    <Paper withBorder p="md" radius="md">
      <Text size="xl" fw={650} data-testid={testId}>
        {formatCount(value)}
      </Text>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
    </Paper>
  );
}
