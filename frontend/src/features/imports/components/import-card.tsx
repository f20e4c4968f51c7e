import { Alert, Card, Group, Progress, Stack, Table, Text } from "@mantine/core";

import { StateBadge } from "@/components/ui/state-badge";
import { formatBytes, formatCount, formatTime, humanize } from "@/lib/format";
import type { Import } from "@/lib/models";

import { isUnfinished } from "../api/get-imports";

/** One imported file: how far it is, why it was refused, and the rows that were wrong. */
export function ImportCard({ item }: { item: Import }) {
  const { kind, state, file_name, bytes_total, bytes_done, rows_done, rows_refused, row_errors, reason } = item;
  return (
    <Card withBorder padding="md" data-testid="import" data-state={state}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <div>
            <Text fw={600} style={{ overflowWrap: "anywhere" }}>
              {file_name}
            </Text>
            <Text size="sm" c="dimmed">
              {humanize(kind)}, {formatBytes(bytes_total)}, {formatTime(item.created_at)}
            </Text>
          </div>
          <Group gap="xs">
            <Text size="sm" ff="monospace">
              {formatCount(rows_done)} rows
            </Text>
            <StateBadge state={state} />
          </Group>
        </Group>
        {isUnfinished(item) && (
          <Progress
            value={bytes_total ? (100 * bytes_done) / bytes_total : 0}
            animated
            aria-label={`${formatBytes(bytes_done)} of ${formatBytes(bytes_total)} read`}
          />
        )}
        {reason && (
          <Alert
            color={state === "done" ? "blue" : "red"}
            variant="light"
            title={state === "refused" ? "Refused" : undefined}
          >
            {reason}
          </Alert>
        )}
        {row_errors.length > 0 && (
          <>
            <Text size="sm">
              {rows_refused === 1 ? "One row was wrong" : `${formatCount(rows_refused)} rows were wrong`}
              {rows_refused > row_errors.length && `; the first ${row_errors.length} are shown`}.
            </Text>
            <Table.ScrollContainer minWidth={260} mah={300}>
              <Table verticalSpacing={4} stickyHeader>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th w={56}>Line</Table.Th>
                    <Table.Th w={96}>Field</Table.Th>
                    <Table.Th>What is wrong</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {row_errors.map(({ line, field, message }, index) => (
                    <Table.Tr key={index}>
                      <Table.Td ff="monospace">{line}</Table.Td>
                      <Table.Td>{field}</Table.Td>
                      <Table.Td style={{ overflowWrap: "anywhere" }}>{message}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </>
        )}
      </Stack>
    </Card>
  );
}
