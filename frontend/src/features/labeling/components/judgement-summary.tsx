import { Badge, Group, Text } from "@mantine/core";

import { useTexts } from "@/lib/language";
import type { ShownSchema } from "@/lib/task-models";

interface JudgementSummaryProps {
  schema: ShownSchema;
  ratings: Record<string, number>;
  flags: string[];
}

/** What was said of one completion, to read: ratings, then flags. */
export function JudgementSummary({ schema, ratings, flags }: JudgementSummaryProps) {
  const { task } = useTexts();
  const rated = schema.axes.filter(({ key }) => ratings[key] !== undefined);
  return (
    <Group gap={6} data-testid="judgement-summary">
      <Text size="xs" c="dimmed">
        {rated.length ? rated.map(({ key, label }) => `${label} ${ratings[key]}`).join(", ") : task.notRated}
      </Text>
      {schema.flags
        .filter(({ key }) => flags.includes(key))
        .map(({ key, label }) => (
          <Badge key={key} size="xs" color="red" variant="light" radius="sm" tt="none">
            {label}
          </Badge>
        ))}
    </Group>
  );
}
