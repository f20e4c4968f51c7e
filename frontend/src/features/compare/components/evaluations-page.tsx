import { Anchor, Badge, Card, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconScale } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { WinRate } from "@/components/ui/win-rate";
import { useRouteId } from "@/hooks/use-route-id";
import { formatTime } from "@/lib/format";
import type { Evaluation } from "@/lib/models";

import { useEvaluations } from "../api/get-evaluations";

function groupsOf(evaluations: Evaluation[]): Evaluation[][] {
  const groups = new Map<string, Evaluation[]>();
  for (const evaluation of evaluations) {
    const key = [evaluation.round_number, evaluation.a.id, evaluation.b.id, evaluation.judge].join(" ");
    groups.set(key, [...(groups.get(key) ?? []), evaluation]);
  }
  return [...groups.values()];
}

export function EvaluationsPage() {
  const projectId = useRouteId("projectId");
  const evaluations = useEvaluations(projectId);
  return (
    <>
      <PageHeader
        title="Evaluations"
        text="Share of prompts on which the first was preferred, ties counted half, with its 95 % interval. The dashed line is even."
      />
      <QueryView
        query={evaluations}
        isEmpty={({ results }) => results.length === 0}
        empty={
          <EmptyState
            icon={IconScale}
            title="No evaluation yet"
            text="A round's evaluation stage asks labelers to compare policies blind; its results are kept here."
          />
        }
      >
        {({ results }) => (
          <SimpleGrid cols={{ base: 1, lg: 2 }}>
            {groupsOf(results).map((group) => (
              <EvaluationCard key={group[0]?.id} projectId={projectId} group={group} />
            ))}
          </SimpleGrid>
        )}
      </QueryView>
      <LoadMore query={evaluations} />
    </>
  );
}

function EvaluationCard({ projectId, group }: { projectId: number; group: Evaluation[] }) {
  const first = group[0];
  if (!first) return null;
  const { a, b, round_number: round, judge, created_at } = first;
  const link = (checkpoint: Evaluation["a"]) => (
    <Anchor component={Link} to={`/projects/${projectId}/checkpoints/${checkpoint.id}`} fw={600}>
      {checkpoint.name}
    </Anchor>
  );
  return (
    <Card withBorder padding="md">
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Text>
            {link(a)} against {link(b)}
          </Text>
          <Group gap="xs">
            {round !== null && (
              <Badge variant="default" tt="none" component={Link} to={`/projects/${projectId}/rounds/${round}`}>
                Round {round}
              </Badge>
            )}
            <Badge variant="default" tt="none">
              {judge}
            </Badge>
          </Group>
        </Group>
        {group.map((evaluation) => (
          <WinRate key={evaluation.id} evaluation={evaluation} />
        ))}
        <Text size="xs" c="dimmed">
          {formatTime(created_at)}
        </Text>
      </Stack>
    </Card>
  );
}
