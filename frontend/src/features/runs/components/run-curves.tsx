import { Card, Group, SimpleGrid, Slider, Stack, Text, Title } from "@mantine/core";
import { useMemo, useState } from "react";

import { LineChart, type ChartSeries } from "@/components/ui/line-chart";
import { humanize } from "@/lib/format";
import type { MetricPoint } from "@/lib/models";

import { compareCurves, curveTitle } from "./curve-texts";

interface RunCurvesProps {
  points: MetricPoint[];
  isLive: boolean;
}

const NOT_CURVES = new Set(["step", "seconds"]);
const PREFIXES = /^(train|validation|heldout|eval)_/;

/** One chart per figure; "loss" and "validation_loss" share one. */
function chartsOf(points: MetricPoint[]): Map<string, ChartSeries[]> {
  const series = new Map<string, ChartSeries>();
  for (const { step, sequence, values } of points) {
    for (const [name, value] of Object.entries(values)) {
      if (typeof value !== "number" || NOT_CURVES.has(name)) continue;
      const line = series.get(name) ?? { name, points: [] };
      line.points.push({ x: step ?? sequence, y: value });
      series.set(name, line);
    }
  }
  const charts = new Map<string, ChartSeries[]>();
  for (const [name, line] of series) {
    const base = name.replace(PREFIXES, "");
    const key = series.has(base) ? base : name;
    charts.set(key, [...(charts.get(key) ?? []), line]);
  }
  return new Map([...charts].sort(([a], [b]) => compareCurves(a, b)));
}

export function RunCurves({ points, isLive }: RunCurvesProps) {
  const [smoothing, setSmoothing] = useState(0.6);
  const charts = useMemo(() => chartsOf(points.filter(({ kind }) => kind === "metric")), [points]);
  return (
    <Card withBorder padding="md" data-testid="run-curves">
      <Stack>
        <Group justify="space-between">
          <Title order={2} size="h4">
            Curves
          </Title>
          {charts.size > 0 && (
            <Group gap="sm" wrap="nowrap">
              <Text size="xs" c="dimmed" id="smoothing-label">
                Smoothing
              </Text>
              <Slider
                w={120}
                min={0}
                max={0.95}
                step={0.05}
                value={smoothing}
                onChange={setSmoothing}
                label={(value) => value.toFixed(2)}
                thumbProps={{ "aria-labelledby": "smoothing-label" }}
              />
            </Group>
          )}
        </Group>
        {charts.size === 0 ? (
          <Text size="sm" c="dimmed">
            {isLive ? "The curves appear here with the first figures of the run." : "This run reported no figures."}
          </Text>
        ) : (
          <SimpleGrid cols={{ base: 1, sm: 2, xl: 3 }} spacing="lg" verticalSpacing="lg">
            {[...charts].map(([name, series]) => (
              <div key={name}>
                <Text size="sm" fw={500}>
                  {curveTitle(name) ?? humanize(name)}
                </Text>
                <LineChart label={curveTitle(name) ?? humanize(name)} series={series} smoothing={smoothing} />
              </div>
            ))}
          </SimpleGrid>
        )}
      </Stack>
    </Card>
  );
}
