import { Anchor, Button, Card, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconMessageCircle, IconRocket } from "@tabler/icons-react";
import { Link } from "react-router";

import { ConfirmButton } from "@/components/ui/confirm-button";
import { Facts } from "@/components/ui/facts";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { StateBadge } from "@/components/ui/state-badge";
import { useRoles } from "@/hooks/use-roles";
import { useRouteId } from "@/hooks/use-route-id";
import { formatCount, formatTime, humanize } from "@/lib/format";
import type { CheckpointDetail } from "@/lib/models";
import { useCheckpoint } from "@/lib/queries/get-checkpoint";

import { usePublishCheckpoint } from "../api/publish-checkpoint";

import { Lineage } from "./lineage";

export function CheckpointPage() {
  const projectId = useRouteId("projectId");
  const checkpointId = useRouteId("checkpointId");
  const checkpoint = useCheckpoint(checkpointId);
  return (
    <QueryView query={checkpoint}>{(data) => <CheckpointView projectId={projectId} checkpoint={data} />}</QueryView>
  );
}

function CheckpointView({ projectId, checkpoint }: { projectId: number; checkpoint: CheckpointDetail }) {
  const publish = usePublishCheckpoint(checkpoint.id);
  const { isEngineer } = useRoles(projectId);
  const { id, name, role, state, made_by: madeBy, snapshots } = checkpoint;
  const talks = role === "policy" || role === "base";
  return (
    <>
      <PageHeader
        title={name}
        text={`${humanize(role)}, registered ${formatTime(checkpoint.created_at)}${
          checkpoint.published_at ? `, published ${formatTime(checkpoint.published_at)}` : ""
        }`}
        trail={[{ label: "Checkpoints", to: `/projects/${projectId}/checkpoints` }]}
      >
        <StateBadge state={state} />
        {talks && (
          <Button
            size="xs"
            variant="default"
            component={Link}
            to={`/projects/${projectId}/sampling?checkpoint=${id}`}
            leftSection={<IconMessageCircle size={16} />}
          >
            Sample
          </Button>
        )}
        {role === "policy" && state !== "published" && isEngineer && (
          <ConfirmButton
            size="xs"
            color="teal"
            leftSection={<IconRocket size={16} />}
            title={`Publish ${name}`}
            question="It becomes the model that writes the next round's completions; the one published now is retired."
            confirmLabel="Publish"
            onConfirm={() => publish.mutateAsync()}
            data-testid="checkpoint-publish"
          >
            Publish
          </ConfirmButton>
        )}
      </PageHeader>
      <Stack>
        <Card withBorder padding="md">
          <Title order={2} size="h4" mb="sm">
            Lineage
          </Title>
          <Lineage projectId={projectId} checkpoint={checkpoint} />
        </Card>
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Card withBorder padding="md">
            <Title order={2} size="h4" mb="sm">
              Learned from
            </Title>
            <Stack gap={6}>
              {madeBy ? (
                <Anchor component={Link} to={`/projects/${projectId}/runs/${madeBy.id}`} size="sm">
                  {madeBy.name || `Run ${madeBy.id}`} ({madeBy.kind})
                </Anchor>
              ) : (
                <Text size="sm" c="dimmed">
                  Registered from outside; no run made it.
                </Text>
              )}
              {snapshots.map((snapshot) => (
                <Anchor
                  key={snapshot.id}
                  component={Link}
                  to={`/projects/${projectId}/snapshots?search=${snapshot.id}`}
                  size="sm"
                >
                  Snapshot {snapshot.id}: {formatCount(snapshot.num_rows)} {snapshot.kind}
                </Anchor>
              ))}
              <Facts
                facts={{
                  demonstrations: checkpoint.num_demonstrations,
                  rankings: checkpoint.num_rankings,
                  "completions written": checkpoint.num_completions,
                }}
              />
            </Stack>
          </Card>
          <Card withBorder padding="md">
            <Title order={2} size="h4" mb="sm">
              Card
            </Title>
            <Facts facts={{ parameters: checkpoint.num_parameters, sha256: checkpoint.sha256, ...checkpoint.card }} />
          </Card>
        </SimpleGrid>
      </Stack>
    </>
  );
}
