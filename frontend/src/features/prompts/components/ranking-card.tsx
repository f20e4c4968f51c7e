import { Badge, Card, Group, Stack, Text } from "@mantine/core";

import { formatSeconds, formatTime, humanize } from "@/lib/format";
import type { Completion, Ranking } from "@/lib/models";

import { provenanceText } from "./provenance-text";

interface RankingCardProps {
  ranking: Ranking;
  completions: Completion[];
}

/** One labeler's order, best first; completions go by the numbers they have on this page. */
export function RankingCard({ ranking, completions }: RankingCardProps) {
  const { labeler_name, ranked_completions, created_at, seconds, is_counted, all_bad, margin, notes } = ranking;
  const numberOf = (id: number) => completions.findIndex((completion) => completion.id === id) + 1;
  const ordered = [...ranked_completions].sort((a, b) => a.rank - b.rank);
  return (
    <Card withBorder padding="md">
      <Group justify="space-between" mb="xs" gap="xs">
        <Text size="sm" fw={500}>
          {labeler_name || "Imported"}
        </Text>
        <Text size="xs" c="dimmed">
          {[
            formatTime(created_at),
            seconds > 0 && formatSeconds(seconds),
            !is_counted && "not counted",
            margin !== null && `margin ${margin.toFixed(2)}`,
            all_bad && "all bad",
            provenanceText(ranking),
          ]
            .filter(Boolean)
            .join(", ")}
        </Text>
      </Group>
      <Stack gap={4}>
        {ordered.map(({ completion, rank, ratings, flags }) => (
          <Group key={completion} gap="xs">
            <Text size="sm" ff="monospace" w={24} ta="right">
              {rank}.
            </Text>
            <Badge variant="light" tt="none" radius="sm">
              {numberOf(completion)}
            </Badge>
            <Text size="xs" c="dimmed">
              {Object.entries(ratings)
                .map(([axis, rating]) => `${humanize(axis).toLowerCase()} ${rating}`)
                .join(", ")}
            </Text>
            {flags.map((flag) => (
              <Badge key={flag} color="orange" variant="light" tt="none" radius="sm">
                {humanize(flag)}
              </Badge>
            ))}
          </Group>
        ))}
      </Stack>
      {notes && (
        <Text size="sm" mt="xs">
          {notes}
        </Text>
      )}
    </Card>
  );
}
