import { Text } from "@mantine/core";

import { StackedBars } from "@/components/ui/stacked-bars";
import { formatSeconds } from "@/lib/format";
import { useFormats, useTexts } from "@/lib/language";
import type { DayCount, KindSeconds } from "@/lib/models";

import classes from "./work-charts.module.css";

const NUM_DAYS = 30;
const DAY_MS = 86_400_000;

/** Answers of each of the last 30 days, by kind. */
export function DayBars({ days, today }: { days: DayCount[]; today: Date }) {
  const { figures, kinds: named } = useTexts();
  const { formatDay } = useFormats();
  if (days.length === 0) return <Text size="sm">{figures.noDays}</Text>;
  const dates = Array.from({ length: NUM_DAYS }, (_, index) =>
    new Date(today.getTime() - (NUM_DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  );
  const kinds = [...new Set(days.map(({ kind }) => kind))];
  const count = (day: string, kind: string) => days.find((row) => row.day === day && row.kind === kind)?.count ?? 0;
  return (
    <StackedBars
      label={figures.daysLabel}
      steps={dates.map(formatDay)}
      series={kinds.map((kind) => ({ name: named[kind].name, values: dates.map((day) => count(day, kind)) }))}
    />
  );
}

/** Seconds that an answer took, for each kind: the middle half as a box, four fifths as a line. */
export function SecondsBoxes({ seconds }: { seconds: KindSeconds[] }) {
  const { figures, kinds } = useTexts();
  const { formatCount } = useFormats();
  if (seconds.length === 0) return <Text size="sm">{figures.noSeconds}</Text>;
  const longest = Math.max(...seconds.map(({ quantiles }) => quantiles[4] ?? 0), 1);
  const left = (value: number | undefined) => `${(((value ?? 0) / longest) * 100).toFixed(2)}%`;
  const width = (from: number | undefined, to: number | undefined) => left((to ?? 0) - (from ?? 0));
  return (
    <div>
      {seconds.map(({ kind, n, quantiles: [least, lower, middle, upper, most] }) => (
        <div key={kind} className={classes.row}>
          <div className={classes.head}>
            <Text size="sm">{kinds[kind].name}</Text>
            <Text size="xs" ff="monospace" className={classes.text}>
              {formatSeconds(middle ?? 0)} [{formatSeconds(lower ?? 0)}, {formatSeconds(upper ?? 0)}], n = {formatCount(n)}
            </Text>
          </div>
          <div
            className={classes.track}
            role="img"
            aria-label={figures.secondsLabel(formatSeconds(middle ?? 0), formatSeconds(most ?? 0))}
          >
            <span className={classes.line} style={{ left: left(least), width: width(least, most) }} />
            <span className={classes.box} style={{ left: left(lower), width: width(lower, upper) }} />
            <span className={classes.middle} style={{ left: left(middle) }} />
          </div>
        </div>
      ))}
    </div>
  );
}
