import { Group, Stack, Text } from "@mantine/core";

import { formatNumber } from "@/components/ui/chart-scale";
import { humanize } from "@/lib/format";

function written(value: unknown): string {
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return JSON.stringify(value);
}

/** {"loss": {"before": 2}} -> [["loss, before", 2]], so that nested figures read as rows. */
function flatten(facts: Record<string, unknown>, prefix = ""): [string, unknown][] {
  return Object.entries(facts).flatMap(([name, value]) => {
    const label = prefix ? `${prefix}, ${name.replaceAll("_", " ")}` : humanize(name);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      return flatten(value as Record<string, unknown>, label);
    }
    return value === null ? [] : [[label, value] as [string, unknown]];
  });
}

interface FactsProps {
  facts: Record<string, unknown>;
  empty?: string;
}

/** Names and values, one a line. */
export function Facts({ facts, empty = "Nothing here." }: FactsProps) {
  const rows = flatten(facts);
  if (rows.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {empty}
      </Text>
    );
  }
  return (
    <Stack gap={4} component="dl" m={0}>
      {rows.map(([label, value]) => (
        <Group key={label} justify="space-between" gap="md" wrap="nowrap" align="baseline">
          <Text size="sm" c="dimmed" component="dt">
            {label}
          </Text>
          <Text size="sm" ff="monospace" component="dd" m={0} ta="right" style={{ overflowWrap: "anywhere" }}>
            {written(value)}
          </Text>
        </Group>
      ))}
    </Stack>
  );
}
