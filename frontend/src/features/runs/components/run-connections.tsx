import { Anchor, Card, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { Link } from "react-router";

import { formatCount, humanize } from "@/lib/format";
import type { RunInput, TrainingRun } from "@/lib/models";

interface RunConnectionsProps {
  projectId: number;
  run: TrainingRun;
}

function InputLink({ projectId, input }: { projectId: number; input: RunInput }) {
  if (input.checkpoint) {
    return (
      <Anchor component={Link} to={`/projects/${projectId}/checkpoints/${input.checkpoint.id}`} size="sm">
        {input.checkpoint.name}
      </Anchor>
    );
  }
  if (input.snapshot) {
    return (
      <Anchor component={Link} to={`/projects/${projectId}/snapshots?search=${input.snapshot.id}`} size="sm">
        {`Snapshot ${input.snapshot.id}: ${formatCount(input.snapshot.num_rows)} ${input.snapshot.kind}`}
      </Anchor>
    );
  }
  return <Text size="sm">{input.corpus?.name}</Text>;
}

/** What went into a run and what came out of it. */
export function RunConnections({ projectId, run }: RunConnectionsProps) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <Card withBorder padding="md">
        <Title order={2} size="h4" mb="sm">
          Inputs
        </Title>
        <Stack gap={6}>
          {run.inputs.map((input) => (
            <Group key={input.role} justify="space-between" gap="xs">
              <Text size="sm" c="dimmed">
                {humanize(input.role)}
              </Text>
              <InputLink projectId={projectId} input={input} />
            </Group>
          ))}
          {run.inputs.length === 0 && (
            <Text size="sm" c="dimmed">
              None.
            </Text>
          )}
        </Stack>
      </Card>
      <Card withBorder padding="md">
        <Title order={2} size="h4" mb="sm">
          Outputs
        </Title>
        <Stack gap={6}>
          {run.outputs.map(({ role, checkpoint }) => (
            <Group key={role} justify="space-between" gap="xs">
              <Text size="sm" c="dimmed">
                {humanize(role)}
              </Text>
              <Anchor component={Link} to={`/projects/${projectId}/checkpoints/${checkpoint.id}`} size="sm">
                {checkpoint.name}
              </Anchor>
            </Group>
          ))}
          {run.outputs.length === 0 && (
            <Text size="sm" c="dimmed">
              {run.state === "done" ? "No checkpoint." : "Appear here once the run is done."}
            </Text>
          )}
        </Stack>
      </Card>
    </SimpleGrid>
  );
}
