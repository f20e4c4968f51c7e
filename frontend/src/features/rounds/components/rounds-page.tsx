import { Button, Card, Group, Stack, Text } from "@mantine/core";
import { IconPlus, IconRefresh } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { StateBadge } from "@/components/ui/state-badge";
import { useRoles } from "@/hooks/use-roles";
import { useRouteId } from "@/hooks/use-route-id";
import { formatTime } from "@/lib/format";
import type { RoundSummary, StageKind } from "@/lib/models";

import { useRounds } from "../api/get-rounds";
import { useRoundStream } from "../api/use-round-stream";

import { STAGE_TEXTS } from "./stage-texts";

export function RoundsPage() {
  const projectId = useRouteId("projectId");
  const rounds = useRounds(projectId);
  const { isManager } = useRoles(projectId);
  useRoundStream(projectId);
  const create = isManager && (
    <Button component={Link} to="new" leftSection={<IconPlus size={16} />}>
      New round
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Rounds"
        text="Collect, train, evaluate, publish: each round starts from the model of the last."
      >
        {create}
      </PageHeader>
      <QueryView
        query={rounds}
        isEmpty={({ results }) => results.length === 0}
        empty={
          <EmptyState
            icon={IconRefresh}
            title="No round yet"
            text="A round needs prompts, people and a base checkpoint. It then moves from stage to stage by itself."
          >
            {create}
          </EmptyState>
        }
      >
        {({ results }) => (
          <Stack>
            {results.map((round) => (
              <RoundCard key={round.id} round={round} />
            ))}
          </Stack>
        )}
      </QueryView>
      <LoadMore query={rounds} />
    </>
  );
}

function RoundCard({ round }: { round: RoundSummary }) {
  const stage = STAGE_TEXTS[round.current_stage as StageKind];
  return (
    <Card component={Link} to={String(round.number)} withBorder padding="md" c="inherit">
      <Group justify="space-between" gap="sm">
        <Stack gap={2}>
          <Text fw={600}>Round {round.number}</Text>
          <Text size="sm" c="dimmed">
            {stage ? `${stage.title}. ${stage.text}` : `Started ${formatTime(round.created_at)}`}
          </Text>
        </Stack>
        <StateBadge state={round.state} />
      </Group>
    </Card>
  );
}
