import { Select, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";

import { EmptyState } from "@/components/ui/empty-state";
import { IntervalPlot } from "@/components/ui/interval-plot";
import { QueryView } from "@/components/ui/query-view";
import { TrendChart } from "@/components/ui/trend-chart";
import { useUrlFilter } from "@/hooks/use-url-filter";
import { formatCount, formatDay, formatPercent, formatTime, humanize } from "@/lib/format";
import type { AgreementReport } from "@/lib/models";

import { useAgreement } from "../api/get-agreement";
import { useProgress } from "../api/get-progress";
import { CORRECTED, estimateText, figure, MEASURES, percent, SHARE } from "../estimates";

import { Panel } from "./panel";

const WORDS: Record<string, string> = { True: "Yes", False: "No" };

export function AgreementView({ projectId }: { projectId: number }) {
  const [round, setRound] = useUrlFilter("round");
  const agreement = useAgreement(projectId, round ? Number(round) : null);
  const rounds = [...new Set(useProgress(projectId).data?.stages.map(({ round_number }) => round_number))];
  return (
    <Stack gap="md">
      {rounds.length > 1 && (
        <Select
          aria-label="Round"
          placeholder="All rounds"
          clearable
          maw={180}
          size="xs"
          value={round || null}
          data={rounds.map((number) => ({ value: String(number), label: `Round ${number}` }))}
          onChange={setRound}
        />
      )}
      <AgreementPanels agreement={agreement} />
    </Stack>
  );
}

function AgreementPanels({ agreement }: { agreement: ReturnType<typeof useAgreement> }) {
  return (
    <QueryView
      query={agreement}
      isEmpty={({ num_compared }) => num_compared === 0}
      empty={
        <EmptyState
          icon={IconUsersGroup}
          title="No prompt was ranked twice yet"
          text="Agreement needs prompts that more than one labeler ranks: give the rank stage of a round some overlap."
        />
      }
    >
      {(report) => (
        <Stack gap="md">
          <Text size="sm" c="dimmed">
            {formatCount(report.num_compared)} of {formatCount(report.num_rankings)} rankings are of{" "}
            {formatCount(report.num_prompts)} prompts that were ranked more than once, by {formatCount(report.num_labelers)}{" "}
            labelers. Lines are 95 % intervals over prompts. Made {formatTime(report.made_at)}.
          </Text>
          <SimpleGrid cols={{ base: 1, xl: 2 }}>
            <MeasuresPanel report={report} isShare title="How often they agree" text="Healthy teams reach 72 to 78 % on open-ended answers; below 65 % look at the guideline." />
            <MeasuresPanel report={report} isShare={false} title="Corrected for chance" text="0 is chance and 1 is perfect." />
          </SimpleGrid>
          <DaysPanel report={report} />
          <SimpleGrid cols={{ base: 1, xl: 2 }}>
            {report.categories
              .filter(({ figures }) => figures.length > 1)
              .map(({ name, figures }) => (
                <Panel key={name} title={`By ${humanize(name).toLowerCase()}`}>
                  <IntervalPlot
                    format={percent}
                    bounds={SHARE}
                    rows={figures.map((row) => ({
                      key: row.name,
                      label: WORDS[row.name] ?? humanize(row.name),
                      marks: [row.estimate],
                      text: estimateText(row.estimate, percent),
                    }))}
                  />
                </Panel>
              ))}
          </SimpleGrid>
          {report.ratings.length > 0 && <RatingsPanel report={report} />}
          {report.flags.length > 0 && <FlagsPanel report={report} />}
        </Stack>
      )}
    </QueryView>
  );
}

function MeasuresPanel({ report, isShare, title, text }: { report: AgreementReport; isShare: boolean; title: string; text: string }) {
  const format = isShare ? percent : figure;
  const rows = report.measures.filter(({ name, estimate }) => MEASURES[name]?.isShare === isShare && estimate.value !== null);
  return (
    <Panel title={title} text={text}>
      <IntervalPlot
        format={format}
        bounds={isShare ? SHARE : CORRECTED}
        reference={isShare ? 0.5 : 0}
        rows={rows.map(({ name, estimate }) => ({
          key: name,
          label: <span title={MEASURES[name]?.text}>{MEASURES[name]?.label}</span>,
          marks: [estimate],
          text: estimateText(estimate, format),
        }))}
      />
    </Panel>
  );
}

function DaysPanel({ report }: { report: AgreementReport }) {
  if (report.days.length < 2) return null;
  return (
    <Panel title="Agreement over time" text="Pairwise, ties counted half, by the day of the later answer; by week where the time is long.">
      <TrendChart
        label="Pairwise agreement over time"
        format={percent}
        bounds={SHARE}
        series={[{ name: "Agreement", points: report.days.map(({ name, estimate }) => ({ label: formatDay(name), ...estimate })) }]}
      />
    </Panel>
  );
}

function RatingsPanel({ report }: { report: AgreementReport }) {
  return (
    <Panel title="Ratings" text="Krippendorff alpha of each scale: filled for ordinal, open for interval distances.">
      <IntervalPlot
        format={figure}
        bounds={CORRECTED}
        reference={0}
        rows={report.ratings.map(({ name, figures }) => ({
          key: name,
          label: humanize(name),
          marks: figures.map(({ estimate }) => estimate),
          text: figures[0] ? estimateText(figures[0].estimate, figure) : "",
        }))}
      />
    </Panel>
  );
}

function FlagsPanel({ report }: { report: AgreementReport }) {
  return (
    <Panel
      title="Flags"
      text="Likely: share of completions that have the flag when each labeler's errors are taken into account (Dawid and Skene)."
    >
      <Table.ScrollContainer minWidth={520}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Flag</Table.Th>
              <Table.Th ta="right">Set</Table.Th>
              <Table.Th ta="right">Likely</Table.Th>
              <Table.Th ta="right">Alpha</Table.Th>
              <Table.Th ta="right">Fleiss kappa</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {report.flags.map(({ flag, share, likely, alpha, fleiss }) => (
              <Table.Tr key={flag}>
                <Table.Td>{humanize(flag)}</Table.Td>
                <Table.Td ta="right">{formatPercent(share, 1)}</Table.Td>
                <Table.Td ta="right">{formatPercent(likely, 1)}</Table.Td>
                <Table.Td ta="right">{estimateText(alpha, figure)}</Table.Td>
                <Table.Td ta="right">{fleiss.value === null ? "-" : figure(fleiss.value)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Panel>
  );
}
