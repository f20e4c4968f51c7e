import { Card, Table, Text, Title } from "@mantine/core";

interface Rate {
  rate: number;
  low: number;
  high: number;
  num_pairs: number;
}

interface Bin {
  probability: number;
  share_right: number;
  num_pairs: number;
}

/** What rlhf/reward_report.py writes into the summary of a reward model's run. */
export interface RewardReportData {
  accuracy: Rate;
  by_labeler: Record<string, Rate>;
  by_round: Record<string, Rate>;
  by_margin: Record<string, Rate>;
  by_length: Record<string, Rate>;
  length_baseline: Rate;
  score_length_correlation: number;
  calibration_error: number;
  calibration: Bin[];
}

const SPLITS = [
  ["by_labeler", "Labeler"],
  ["by_round", "Round"],
  ["by_margin", "Ranks apart"],
  ["by_length", "Length"],
] as const;

function percent(value: number) {
  return `${(100 * value).toFixed(1)} %`;
}

function RateRow({ group, name, rate }: { group: string; name: string; rate: Rate }) {
  return (
    <Table.Tr>
      <Table.Td c="dimmed">{group}</Table.Td>
      <Table.Td style={{ overflowWrap: "anywhere" }}>{name}</Table.Td>
      <Table.Td ta="right">{percent(rate.rate)}</Table.Td>
      <Table.Td ta="right">{`${percent(rate.low)} to ${percent(rate.high)}`}</Table.Td>
      <Table.Td ta="right">{rate.num_pairs}</Table.Td>
    </Table.Tr>
  );
}

/** How often the model agrees with held-out rankings, for whom and when, and how sure it is of itself. */
export function RewardReport({ report }: { report: RewardReportData }) {
  return (
    <Card withBorder padding="md" data-testid="reward-report">
      <Title order={2} size="h4" mb="sm">
        Agreement with held-out rankings
      </Title>
      <Table.ScrollContainer minWidth={520}>
        <Table verticalSpacing={4} fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>By</Table.Th>
              <Table.Th />
              <Table.Th ta="right">Agrees</Table.Th>
              <Table.Th ta="right">95 % interval</Table.Th>
              <Table.Th ta="right">Pairs</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            <RateRow group="All" name="" rate={report.accuracy} />
            <RateRow group="Baseline" name="the longer one wins" rate={report.length_baseline} />
            {SPLITS.flatMap(([key, label]) =>
              Object.entries(report[key]).map(([name, rate], place) => (
                <RateRow key={`${key} ${name}`} group={place === 0 ? label : ""} name={name} rate={rate} />
              )),
            )}
            {report.calibration.map((bin, place) => (
              <Table.Tr key={bin.probability}>
                <Table.Td c="dimmed">{place === 0 ? "Calibration" : ""}</Table.Td>
                <Table.Td>{`${percent(bin.probability)} sure`}</Table.Td>
                <Table.Td ta="right">{percent(bin.share_right)}</Table.Td>
                <Table.Td />
                <Table.Td ta="right">{bin.num_pairs}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Text size="sm" c="dimmed" mt="sm">
        {`Expected calibration error ${percent(report.calibration_error)}; correlation of score and length within a ranking ${report.score_length_correlation.toFixed(2)}.`}
      </Text>
    </Card>
  );
}
