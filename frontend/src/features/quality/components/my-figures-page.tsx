import { SimpleGrid, Stack, Text } from "@mantine/core";

import { IntervalPlot } from "@/components/ui/interval-plot";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { useFormats, useLanguage, useTexts } from "@/lib/language";
import type { LabelerQuality } from "@/lib/models";

import { useMyQuality } from "../api/get-mine";
import { estimateText } from "../estimates";

import { Panel } from "./panel";
import { DayBars, SecondsBoxes } from "./work-charts";

export function MyFiguresPage() {
  const { figures } = useTexts();
  const projectId = useRouteId("projectId");
  const mine = useMyQuality(projectId);
  return (
    <>
      <PageHeader title={figures.title} text={figures.text} />
      <QueryView query={mine}>
        {({ row, days, seconds }) => (
          <Stack gap="md">
            <SimpleGrid cols={{ base: 1, lg: 2 }}>
              <Panel title={figures.days} text={figures.daysText}>
                <DayBars days={days} today={new Date()} />
              </Panel>
              <Panel title={figures.seconds} text={figures.secondsText}>
                <SecondsBoxes seconds={seconds} />
              </Panel>
            </SimpleGrid>
            <Panel title={figures.agreement} text={figures.agreementText}>
              {row && row.agreement.n + row.self_repeat.n > 0 ? (
                <MyAgreement row={row} />
              ) : (
                <Text size="sm">{figures.noAgreement}</Text>
              )}
            </Panel>
          </Stack>
        )}
      </QueryView>
    </>
  );
}

function MyAgreement({ row }: { row: LabelerQuality }) {
  const { figures } = useTexts();
  const { formatCount, formatPercent } = useFormats();
  const { language } = useLanguage();
  const rows = [
    { label: figures.withOthers, estimate: row.agreement },
    { label: figures.adjusted, estimate: row.adjusted },
    { label: figures.withoutTies, estimate: row.ties_excluded },
    { label: figures.withResearchers, estimate: row.with_researchers },
    { label: figures.withYourself, estimate: row.self_repeat },
  ].filter(({ estimate }) => estimate.value !== null);
  return (
    <Stack gap="sm">
      <IntervalPlot
        format={formatPercent}
        reference={0.5}
        rows={rows.map(({ label, estimate }) => ({
          key: label,
          label,
          marks: [estimate],
          text: estimateText(estimate, formatPercent, language),
        }))}
      />
      <Text size="xs" c="dimmed">
        {figures.basis(formatCount(row.num_rankings))}
      </Text>
    </Stack>
  );
}
