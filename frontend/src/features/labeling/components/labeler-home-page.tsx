import { Button, Group, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconArrowRight, IconMoodSmile } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { useFormats, useTexts } from "@/lib/language";
import type { TaskKind } from "@/lib/models";

import { useLabelingSummary } from "../api/get-labeling-summary";
import { GuidelinesButton } from "./guidelines-button";
import { NoticeButton } from "./notice-button";
import { SensitiveChoice } from "./sensitive-choice";
import { WaitingForOthers } from "./waiting-for-others";

export function LabelerHomePage() {
  const { common, home, kinds } = useTexts();
  const { formatCount } = useFormats();
  const projectId = useRouteId("projectId");
  const summary = useLabelingSummary(projectId);
  return (
    <>
      <PageHeader title={home.title} text={home.text}>
        <NoticeButton projectId={projectId} />
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
                        {home.waiting(numOpen, formatCount(numOpen))}
                      </Text>
                      <Text size="sm" c="dimmed">
                        {home.saved}
                      </Text>
                    </div>
                    <Button
                      component={Link}
                      to={`/projects/${projectId}/labeling/task`}
                      size="md"
                      rightSection={<IconArrowRight size={18} />}
                      data-testid="start-labeling"
                    >
                      {home.start}
                    </Button>
                  </Group>
                ) : (
                  <EmptyState
                    icon={IconMoodSmile}
                    title={common.nothingOpen}
                    text={home.noneText}
                  >
                    <Button
                      component={Link}
                      to={`/projects/${projectId}/labeling/task`}
                      variant="light"
                      data-testid="start-labeling"
                    >
                      {home.look}
                    </Button>
                  </EmptyState>
                )}
              </Paper>
              <SimpleGrid cols={{ base: 2, sm: 5 }} spacing="sm">
                {Object.entries(kinds)
                  .filter(([kind]) => open[kind as TaskKind] > 0)
                  .map(([kind, { waiting }]) => (
                    <Figure key={kind} label={waiting} value={open[kind as TaskKind]} testId={`open-${kind}`} />
                  ))}
                <Figure label={home.mineToday} value={mine.today} testId="mine-today" />
                <Figure label={home.mineTotal} value={mine.total} testId="mine-total" />
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
  const { formatCount } = useFormats();
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
