import { SimpleGrid, Stack, Text } from "@mantine/core";

import { IntervalPlot } from "@/components/ui/interval-plot";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { formatCount } from "@/lib/format";
import type { LabelerQuality } from "@/lib/models";

import { useMyQuality } from "../api/get-mine";
import { estimateText, percent } from "../estimates";

import { Panel } from "./panel";
import { DayBars, SecondsBoxes } from "./work-charts";

export function MyFiguresPage() {
  const projectId = useRouteId("projectId");
  const mine = useMyQuality(projectId);
  return (
    <>
      <PageHeader title="My figures" text="What you did and how far others agree with it. Only you and the managers see this." />
      <QueryView query={mine}>
        {({ row, days, seconds }) => (
          <Stack gap="md">
            <SimpleGrid cols={{ base: 1, lg: 2 }}>
              <Panel title="Answers a day" text="Of the last 30 days.">
                <DayBars days={days} today={new Date()} />
              </Panel>
              <Panel title="Time for an answer" text="Middle half as a box, four fifths as a line.">
                <SecondsBoxes seconds={seconds} />
              </Panel>
            </SimpleGrid>
            <Panel title="Agreement" text="On prompts that somebody else ranked too; lines are 95 % intervals.">
              {row && row.agreement.n + row.self_repeat.n > 0 ? (
                <MyAgreement row={row} />
              ) : (
                <Text size="sm">Nobody else has ranked a prompt of yours yet.</Text>
              )}
            </Panel>
          </Stack>
        )}
      </QueryView>
    </>
  );
}

function MyAgreement({ row }: { row: LabelerQuality }) {
  const figures = [
    { label: "With others", estimate: row.agreement },
    { label: "On prompts of average difficulty", estimate: row.adjusted },
    { label: "Where nobody tied", estimate: row.ties_excluded },
    { label: "With researchers", estimate: row.with_researchers },
    { label: "With yourself", estimate: row.self_repeat },
  ].filter(({ estimate }) => estimate.value !== null);
  return (
    <Stack gap="sm">
      <IntervalPlot
        format={percent}
        reference={0.5}
        rows={figures.map(({ label, estimate }) => ({
          key: label,
          label,
          marks: [estimate],
          text: estimateText(estimate, percent),
        }))}
      />
      <Text size="xs" c="dimmed">
        From {formatCount(row.num_rankings)} rankings. People disagree on open questions: two careful labelers agree on about three
        pairs of four, and the dashed line is chance.
      </Text>
    </Stack>
  );
}
