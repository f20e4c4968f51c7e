import { Table, Text } from "@mantine/core";

import { QueryView } from "@/components/ui/query-view";
import { formatCount, formatPercent, formatSeconds } from "@/lib/format";
import type { ProvenanceRow } from "@/lib/models";

import { useProvenance } from "../api/get-provenance";

import { Panel } from "./panel";

const COLUMNS = ["Recorded", "With text", "Typed", "Pasted", "Taken back", "No AI", "AI for help", "AI's words"];

/** How each labeler's answers came about. A reason to talk to somebody, not a verdict. */
export function ProvenancePanel({ projectId }: { projectId: number }) {
  const provenance = useProvenance(projectId);
  return (
    <QueryView query={provenance} isEmpty={({ labelers }) => labelers.length === 0}>
      {({ labelers }) => (
        <Panel
          title="How answers were made"
          text="Counts that labelers were told of before their first task. Typed and taken back are medians, pasted is the mean share, of answers with text. A reason to ask, not a verdict: many write elsewhere and paste."
        >
          <Table.ScrollContainer minWidth={820}>
            <Table striped style={{ whiteSpace: "nowrap" }} data-testid="provenance">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Labeler</Table.Th>
                  {COLUMNS.map((name) => (
                    <Table.Th key={name} ta="right">
                      {name}
                    </Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {labelers.map((row) => (
                  <Row key={row.user_id} row={row} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Panel>
      )}
    </QueryView>
  );
}

function Row({ row }: { row: ProvenanceRow }) {
  const { name, num_recorded, num_written, median_typing_seconds, pasted_share, median_edits, ai_use } = row;
  const cells = [
    formatCount(num_recorded),
    formatCount(num_written),
    median_typing_seconds === null ? "-" : formatSeconds(median_typing_seconds),
    pasted_share === null ? "-" : formatPercent(pasted_share),
    median_edits === null ? "-" : `${formatCount(median_edits)} times`,
    ...[ai_use.none, ai_use.help, ai_use.text].map(formatCount),
  ];
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm">{name}</Text>
      </Table.Td>
      {cells.map((text, index) => (
        <Table.Td key={index} ta="right" ff="monospace" fz="xs">
          {text}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
