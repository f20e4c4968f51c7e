import { Anchor, Stack, Text } from "@mantine/core";
import { IconScale } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { IntervalPlot } from "@/components/ui/interval-plot";
import { QueryView } from "@/components/ui/query-view";
import { TrendChart } from "@/components/ui/trend-chart";
import { formatCount, formatTime } from "@/lib/format";

import { useWinRates } from "../api/get-win-rates";
import { estimateText, percent, SHARE } from "../estimates";

import { Panel } from "./panel";

export function WinRatesView({ projectId }: { projectId: number }) {
  const rates = useWinRates(projectId);
  return (
    <QueryView
      query={rates}
      isEmpty={({ checkpoints }) => checkpoints.length === 0}
      empty={
        <EmptyState
          icon={IconScale}
          title="No checkpoints were compared yet"
          text="A round's evaluation stage shows labelers answers of two policies blind; their win rates stand here."
        />
      }
    >
      {({ checkpoints, reference, num_apart, made_at }) => {
        const first = checkpoints.find(({ checkpoint_id }) => checkpoint_id === reference);
        const step = (name: string, round: number | null) => (round === null ? name : `R${round} ${name}`);
        return (
          <Stack gap="md">
            <Text size="sm" c="dimmed">
              How often each policy would be preferred to {first?.name}, from all blind comparisons together (Bradley-Terry); lines
              are 95 % intervals over prompts. Made {formatTime(made_at)}.
              {num_apart > 0 && ` ${formatCount(num_apart)} more were never compared with these, directly or through others.`}
            </Text>
            <Panel title="Across rounds" text="The dashed line is even. Length-controlled: what would be left if all wrote equally long.">
              <TrendChart
                label="Win rate across rounds"
                format={percent}
                bounds={SHARE}
                reference={0.5}
                height={240}
                series={[
                  { name: "Raw", points: checkpoints.map((row) => ({ label: step(row.name, row.round_number), ...row.raw })) },
                  {
                    name: "Length-controlled",
                    points: checkpoints.map((row) => ({ label: step(row.name, row.round_number), ...row.length_controlled })),
                  },
                ]}
              />
            </Panel>
            <Panel title="In figures" text="Filled: raw. Open: length-controlled.">
              <IntervalPlot
                format={percent}
                bounds={SHARE}
                reference={0.5}
                rows={checkpoints.map((row) => ({
                  key: String(row.checkpoint_id),
                  label: (
                    <Anchor component={Link} to={`/projects/${projectId}/checkpoints/${row.checkpoint_id}`} size="sm">
                      {row.name}
                    </Anchor>
                  ),
                  detail: `${row.round_number === null ? "" : `Round ${row.round_number}, `}${formatCount(Math.round(row.mean_length))} characters`,
                  marks: [row.raw, row.length_controlled],
                  text: estimateText(row.raw, percent),
                }))}
              />
            </Panel>
          </Stack>
        );
      }}
    </QueryView>
  );
}
