import { Badge, Card, Group, Stack, Text } from "@mantine/core";
import { IconMessageChatbot } from "@tabler/icons-react";
import { Link } from "react-router";

import { ConfirmButton } from "@/components/ui/confirm-button";
import { EmptyState } from "@/components/ui/empty-state";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { useFormats } from "@/lib/language";
import type { ChatBatch } from "@/lib/models";

import { useCloseChats } from "../api/close-chats";
import { useChatBatches } from "../api/get-chat-batches";
import { OpenChats } from "./open-chats";

/** Chats that labelers hold with checkpoints: what was opened, how far it is, and opening more. */
export function ChatsPage() {
  const projectId = useRouteId("projectId");
  const batches = useChatBatches(projectId);
  return (
    <>
      <PageHeader
        title="Chats"
        text="Labelers talk with checkpoints that they are not told of, and judge two replies to every message. A red team tries to break them."
      />
      <Stack gap="lg">
        <OpenChats projectId={projectId} />
        <QueryView query={batches}>
          {({ results }) =>
            results.length ? (
              <Stack>
                {results.map((batch) => (
                  <BatchCard key={batch.id} projectId={projectId} batch={batch} />
                ))}
              </Stack>
            ) : (
              <EmptyState icon={IconMessageChatbot} title="No chats yet" text="Choose two checkpoints, or one twice, and open the first tasks above." />
            )
          }
        </QueryView>
        <LoadMore query={batches} />
      </Stack>
    </>
  );
}

function BatchCard({ projectId, batch }: { projectId: number; batch: ChatBatch }) {
  const { formatTime } = useFormats();
  const close = useCloseChats(projectId);
  const { places } = batch;
  const sides = [
    { id: batch.checkpoint_a, name: batch.checkpoint_a_name, temperature: batch.temperature_a },
    { id: batch.checkpoint_b, name: batch.checkpoint_b_name, temperature: batch.temperature_b },
  ];
  return (
    <Card withBorder padding="md" data-testid={`chat-batch-${batch.id}`}>
      <Group justify="space-between" gap="xs" mb="xs">
        <Group gap="xs">
          <Badge variant="light" radius="sm" tt="none" color={batch.kind === "red_team" ? "red" : undefined}>
            {batch.kind === "red_team" ? "Red team" : "Chat"}
          </Badge>
          <Text size="sm" c="dimmed">
            opened {formatTime(batch.created_at)}
          </Text>
        </Group>
        {places.open > 0 && (
          <ConfirmButton
            size="xs"
            variant="default"
            title="Close what is open?"
            question={`${places.open} tasks that nobody works on are taken back. Chats under way may still be handed in.`}
            confirmLabel="Close them"
            onConfirm={() => close.mutateAsync(batch.id)}
            data-testid={`chats-close-${batch.id}`}
          >
            Close
          </ConfirmButton>
        )}
      </Group>
      {batch.brief && (
        <Text size="sm" mb="xs" style={{ whiteSpace: "pre-wrap" }}>
          {batch.brief}
        </Text>
      )}
      <Stack gap={2}>
        {sides.map(({ id, name, temperature }, index) => (
          <Text key={index} size="sm">
            <Text component={Link} to={`/projects/${projectId}/checkpoints/${id}`} inherit td="underline" c="var(--mantine-color-anchor)">
              {name}
            </Text>
            , temperature {temperature}
          </Text>
        ))}
      </Stack>
      <Text size="xs" c="dimmed" mt={4}>
        Top-p {batch.top_p}, {batch.max_new_tokens} tokens a reply and {batch.max_turns} turns at most
      </Text>
      <Text size="sm" mt="xs" data-testid={`chat-counts-${batch.id}`}>
        {places.filled} handed in, {places.leased} under way, {places.open} open
        {places.closed > 0 && `, ${places.closed} closed`}
      </Text>
    </Card>
  );
}
