import { Anchor, Badge, Card, Group, Text } from "@mantine/core";
import { Link } from "react-router";

import { formatNumber } from "@/components/ui/chart-scale";
import type { Completion } from "@/lib/models";

import { useRedactCompletion } from "../api/redact-completion";

import { RedactButton } from "./redact-button";

interface CompletionCardProps {
  projectId: number;
  completion: Completion;
  number: number;
  canRedact: boolean;
}

/** One sampled text with the checkpoint and settings it came from. */
export function CompletionCard({ projectId, completion, number, canRedact }: CompletionCardProps) {
  const redact = useRedactCompletion(projectId, completion.id);
  const { text, checkpoint, checkpoint_name, temperature, top_p, seed, logprob, is_redacted } = completion;
  return (
    <Card withBorder padding="md">
      <Group gap="xs" mb="xs">
        <Badge variant="light" tt="none" radius="sm">
          {number}
        </Badge>
        {checkpoint ? (
          <Anchor component={Link} to={`/projects/${projectId}/checkpoints/${checkpoint}`} size="sm">
            {checkpoint_name}
          </Anchor>
        ) : (
          <Text size="sm" c="dimmed">
            Imported
          </Text>
        )}
        {checkpoint && (
          <Text size="xs" c="dimmed">
            temperature {temperature}, top-p {top_p}, seed {seed}
            {logprob !== null && `, log-probability ${formatNumber(logprob)}`}
          </Text>
        )}
        {canRedact && !is_redacted && (
          <RedactButton
            size="compact-xs"
            ml="auto"
            title={`Redact completion ${number}`}
            question="Its text is removed for good, tasks that show it are closed, and rankings leave it out. The row stays."
            onRedact={redact.mutateAsync}
            data-testid={`completion-redact-${number}`}
          />
        )}
      </Group>
      <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
        {is_redacted ? "(redacted)" : text || "(empty)"}
      </Text>
    </Card>
  );
}
