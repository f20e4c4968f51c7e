import { Text } from "@mantine/core";
import type { ReactNode } from "react";

import { niceTicks } from "./chart-scale";
import classes from "./interval-plot.module.css";

export interface IntervalRow {
  key: string;
  label: ReactNode;
  detail?: ReactNode;
  /** One mark for each: the first is filled, the second is open. */
  marks: { value: number | null; low: number | null; high: number | null }[];
  text: string;
}

interface IntervalPlotProps {
  rows: IntervalRow[];
  format: (value: number) => string;
  /** A dashed line at this value. */
  reference?: number;
  /** The axis reaches at least from the first to the second. */
  span?: [number, number];
  /** What the values can be at all, such as 0 and 1 of a share: the axis ends there. */
  bounds?: readonly [number, number];
}

/** One line for each row: a dot with its interval on a common axis, and the same in figures. */
export function IntervalPlot({ rows, format, reference, span, bounds }: IntervalPlotProps) {
  const values = rows
    .flatMap(({ marks }) => marks.flatMap(({ value, low, high }) => [value, low, high]))
    .concat(reference ?? null, ...(span ?? []))
    .filter((value) => value !== null);
  if (values.length === 0) return null;
  const ticks = niceTicks(Math.min(...values), Math.max(...values), 4, bounds);
  const floor = ticks[0] ?? 0;
  const range = (ticks[ticks.length - 1] ?? 1) - floor || 1;
  const left = (value: number) => `${(((value - floor) / range) * 100).toFixed(2)}%`;
  return (
    <div className={classes.plot} role="list">
      {rows.map(({ key, label, detail, marks, text }) => (
        <div key={key} className={classes.row} role="listitem">
          <div className={classes.label}>
            <Text size="sm" component="div">
              {label}
            </Text>
            {detail && (
              <Text size="xs" c="dimmed" component="div">
                {detail}
              </Text>
            )}
          </div>
          <div className={classes.track} aria-hidden>
            {ticks.map((tick) => (
              <span key={tick} className={classes.grid} style={{ left: left(tick) }} />
            ))}
            {reference !== undefined && <span className={classes.reference} style={{ left: left(reference) }} />}
            {marks.map(({ value, low, high }, index) =>
              value === null ? null : (
                <span key={index} className={index ? classes.second : classes.first}>
                  {low !== null && high !== null && (
                    <span className={classes.whisker} style={{ left: left(low), width: left(high - low + floor) }} />
                  )}
                  <span className={classes.dot} style={{ left: left(value) }} />
                </span>
              ),
            )}
          </div>
          <Text size="xs" ff="monospace" className={classes.text}>
            {text}
          </Text>
        </div>
      ))}
      <div className={classes.row} aria-hidden>
        <span className={classes.label} />
        <div className={classes.axis}>
          {ticks.map((tick) => (
            <span key={tick} style={{ left: left(tick) }}>
              {format(Number(tick.toPrecision(6)))}
            </span>
          ))}
        </div>
      </div>
    </div>
  );
}
