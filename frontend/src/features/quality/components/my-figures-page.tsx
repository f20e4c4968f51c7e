import { Group, SimpleGrid, Stack, Text } from "@mantine/core";

import { IntervalPlot } from "@/components/ui/interval-plot";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { formatSeconds } from "@/lib/format";
import { useFormats, useLanguage, useTexts } from "@/lib/language";
import type { LabelerQuality, ProvenanceRow } from "@/lib/models";

import { useMyQuality } from "../api/get-mine";
import { estimateText, SHARE } from "../estimates";

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
        {({ row, days, seconds, provenance }) => (
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
            <MyProvenance row={provenance} />
          </Stack>
        )}
      </QueryView>
    </>
  );
}

/** The same figures that managers see. */
function MyProvenance({ row }: { row: ProvenanceRow | null }) {
  const { notice } = useTexts();
  const { formatCount, formatPercent } = useFormats();
  const facts: Record<string, string> = {};
  if (row && row.median_typing_seconds !== null) facts[notice.typing] = formatSeconds(row.median_typing_seconds);
  if (row && row.pasted_share !== null) facts[notice.pasted] = formatPercent(row.pasted_share);
  if (row && row.median_edits !== null) facts[notice.edits] = notice.times(formatCount(row.median_edits));
  if (row && row.ai_use.none + row.ai_use.help + row.ai_use.text > 0) {
    facts[notice.declared] = notice.declaredText(formatCount(row.ai_use.none), formatCount(row.ai_use.help), formatCount(row.ai_use.text));
  }
  return (
    <Panel title={notice.mine} text={notice.mineText}>
      {Object.keys(facts).length > 0 ? (
        <Stack gap={4} maw={520}>
          {Object.entries(facts).map(([label, text]) => (
            <Group key={label} justify="space-between" gap="md" wrap="nowrap">
              <Text size="sm" c="dimmed">
                {label}
              </Text>
              <Text size="sm" ta="right">
                {text}
              </Text>
            </Group>
          ))}
        </Stack>
      ) : (
        <Text size="sm">{notice.mineNone}</Text>
      )}
    </Panel>
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
        bounds={SHARE}
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
