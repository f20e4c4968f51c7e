import { Stack, Switch, Table, Text } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";
import { useState } from "react";

import { EmptyState } from "@/components/ui/empty-state";
import { HeatMap } from "@/components/ui/heat-map";
import { IntervalPlot } from "@/components/ui/interval-plot";
import { QueryView } from "@/components/ui/query-view";
import { formatCount, formatPercent, formatSeconds } from "@/lib/format";
import type { LabelerQuality, LabelersQuality } from "@/lib/models";

import { useLabelers } from "../api/get-labelers";
import { estimateText, percent, SHARE } from "../estimates";

import { Panel } from "./panel";

const NUM_SHOWN = 30;
const NUM_IN_MAP = 16;

function share(value: number | null): string {
  return value === null ? "-" : formatPercent(value);
}

export function LabelersView({ projectId }: { projectId: number }) {
  const labelers = useLabelers(projectId);
  return (
    <QueryView
      query={labelers}
      isEmpty={(report) => report.labelers.length === 0}
      empty={
        <EmptyState
          icon={IconUsersGroup}
          title="Nobody can be compared yet"
          text="Each labeler is compared with the others on prompts that both ranked."
        />
      }
    >
      {(report) => (
        <Stack gap="md">
          <ScoresPanel report={report} />
          <PairsPanel report={report} />
          <FiguresPanel report={report} />
        </Stack>
      )}
    </QueryView>
  );
}

function ScoresPanel({ report }: { report: LabelersQuality }) {
  const [showsAll, setShowsAll] = useState(false);
  const rows = [...report.labelers].sort((a, b) => b.num_rankings - a.num_rankings);
  const shown = (showsAll ? rows : rows.slice(0, NUM_SHOWN)).sort(
    (a, b) => (b.adjusted.value ?? -1) - (a.adjusted.value ?? -1),
  );
  return (
    <Panel
      title="Agreement of each labeler with the others"
      text="Filled: as it is. Open: on prompts of average difficulty, so that nobody is blamed for hard ones. Whoever ranked most is shown."
    >
      {rows.length > NUM_SHOWN && (
        <Switch
          label={`Show all ${formatCount(rows.length)}`}
          checked={showsAll}
          onChange={(event) => setShowsAll(event.currentTarget.checked)}
        />
      )}
      <IntervalPlot
        format={percent}
        bounds={SHARE}
        rows={shown.map((row, index) => ({
          key: String(index),
          label: row.labeler.name + (row.labeler.is_researcher ? " (researcher)" : ""),
          marks: [row.agreement, row.adjusted],
          text: estimateText(row.adjusted, percent),
        }))}
      />
    </Panel>
  );
}

function PairsPanel({ report }: { report: LabelersQuality }) {
  if (report.pairs.length === 0) return null;
  const met = new Map<number, number>();
  for (const { a, b, agreement } of report.pairs) {
    met.set(a, (met.get(a) ?? 0) + agreement.n);
    met.set(b, (met.get(b) ?? 0) + agreement.n);
  }
  const shown = [...met.entries()]
    .sort((one, other) => other[1] - one[1])
    .slice(0, NUM_IN_MAP)
    .map(([labeler]) => labeler);
  const cell = (row: number, column: number) => {
    const pair = report.pairs.find(({ a, b }) => (a === row && b === column) || (a === column && b === row));
    if (!pair || pair.agreement.value === null) return undefined;
    const names = `${report.labelers[row]?.labeler.name} and ${report.labelers[column]?.labeler.name}`;
    const kappa = pair.kappa.value === null ? "" : `, Cohen's kappa ${pair.kappa.value.toFixed(2)}`;
    return { value: pair.agreement.value, title: `${names}: ${estimateText(pair.agreement, percent)}${kappa}` };
  };
  const values = report.pairs.flatMap(({ agreement }) => agreement.value ?? []);
  return (
    <Panel title="Pairs of labelers" text="Pairwise agreement, ties counted half, of those who met most; at least ten comparisons.">
      <HeatMap
        caption="Agreement of each two labelers"
        names={shown.map((labeler) => report.labelers[labeler]?.labeler.name ?? "")}
        cells={shown.map((row) => shown.map((column) => cell(row, column)))}
        low={Math.min(...values)}
        high={Math.max(...values)}
        format={percent}
      />
    </Panel>
  );
}

function FiguresPanel({ report }: { report: LabelersQuality }) {
  const rows = [...report.labelers].sort((a, b) => b.num_rankings - a.num_rankings).slice(0, 100);
  return (
    <Panel
      title="In figures"
      text="Reliability: how likely a labeler puts a pair in its true order, judged from all who ranked it; aggregated rankings weigh by it."
    >
      <Table.ScrollContainer minWidth={860}>
        <Table striped horizontalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Labeler</Table.Th>
              {["Rankings", "Median time", "Without ties", "Tau-b", "Researchers", "Themselves", "Reliability", "Flags found", "Flags wrong"].map(
                (name) => (
                  <Table.Th key={name} ta="right" miw={56}>
                    {name}
                  </Table.Th>
                ),
              )}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row, index) => (
              <FiguresRow key={index} row={row} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Panel>
  );
}

function FiguresRow({ row }: { row: LabelerQuality }) {
  const cells = [
    formatCount(row.num_rankings),
    formatSeconds(row.median_seconds),
    share(row.ties_excluded.value),
    row.tau_b.value === null ? "-" : row.tau_b.value.toFixed(2),
    share(row.with_researchers.value),
    share(row.self_repeat.value),
    formatPercent(row.reliability),
    share(row.flags_found),
    share(row.flags_wrong),
  ];
  return (
    <Table.Tr>
      <Table.Td style={{ whiteSpace: "nowrap" }}>
        <Text size="sm">{row.labeler.name}</Text>
      </Table.Td>
      {cells.map((text, index) => (
        <Table.Td key={index} ta="right" ff="monospace" fz="xs" style={{ whiteSpace: "nowrap" }}>
          {text}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
