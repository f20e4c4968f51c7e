import { useElementSize } from "@mantine/hooks";
import { useState, type KeyboardEvent, type PointerEvent } from "react";

import { niceTicks } from "./chart-scale";
import line from "./line-chart.module.css";
import classes from "./trend-chart.module.css";

export interface TrendPoint {
  label: string;
  value: number | null;
  low: number | null;
  high: number | null;
}

interface TrendChartProps {
  label: string;
  /** Every series has the same steps, in order. */
  series: { name: string; points: TrendPoint[] }[];
  format: (value: number) => string;
  /** A dashed line at this height. */
  reference?: number;
  /** What the values can be at all, such as 0 and 1 of a share: the axis ends there. */
  bounds?: readonly [number, number];
  height?: number;
}

const LEFT = 44;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 24;
const SERIES = [line.series0, line.series1, line.series2, line.series3];
const BANDS = [classes.band0, classes.band1, classes.band2, classes.band3];

function text(point: TrendPoint | undefined, format: (value: number) => string): string {
  if (!point || point.value === null) return "nothing compared";
  const interval = point.low !== null && point.high !== null ? ` [${format(point.low)}, ${format(point.high)}]` : "";
  return format(point.value) + interval;
}

/** Values at named steps, each with its interval as a band. Pointer or arrow keys read them. */
export function TrendChart({ label, series, format, reference, bounds, height = 200 }: TrendChartProps) {
  const { ref, width } = useElementSize();
  const steps = series[0]?.points ?? [];
  const [cursor, setCursor] = useState<number | null>(null);
  const values = series
    .flatMap(({ points }) => points.flatMap(({ value, low, high }) => [value, low, high]))
    .concat(reference ?? null)
    .filter((value) => value !== null);
  if (steps.length === 0 || values.length === 0) return null;

  const ticks = niceTicks(Math.min(...values), Math.max(...values), 4, bounds);
  const floor = ticks[0] ?? 0;
  const ceiling = ticks[ticks.length - 1] ?? 1;
  const innerWidth = Math.max(width - LEFT - RIGHT, 1);
  const innerHeight = height - TOP - BOTTOM;
  const inset = steps.length === 1 ? innerWidth / 2 : Math.min(24, innerWidth / 12);
  const toX = (index: number) =>
    LEFT + inset + (steps.length > 1 ? (index / (steps.length - 1)) * (innerWidth - 2 * inset) : 0);
  const toY = (value: number) => TOP + (1 - (value - floor) / (ceiling - floor || 1)) * innerHeight;
  const shown = cursor ?? steps.length - 1;
  const every = Math.ceil(steps.length / Math.max(Math.floor(innerWidth / 90), 1));

  const onPointerMove = (event: PointerEvent<SVGSVGElement>) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT - inset;
    const index = Math.round((x / Math.max(innerWidth - 2 * inset, 1)) * (steps.length - 1));
    setCursor(Math.min(Math.max(index, 0), steps.length - 1));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    setCursor(Math.min(Math.max(shown + direction, 0), steps.length - 1));
  };

  return (
    <div className={line.frame} ref={ref}>
      <div className={line.legend}>
        <span>{steps[shown]?.label}</span>
        {series.map(({ name, points }, index) => (
          <span key={name} className={line.legendItem}>
            <span className={`${line.swatch} ${SERIES[index]}`} aria-hidden />
            {series.length > 1 && `${name} `}
            {text(points[shown], format)}
          </span>
        ))}
      </div>
      <svg
        className={line.svg}
        height={height}
        role="img"
        aria-label={`${label}. ${steps[shown]?.label}: ${series
          .map(({ name, points }) => `${name} ${text(points[shown], format)}`)
          .join(", ")}`}
        tabIndex={0}
        onPointerMove={onPointerMove}
        onPointerLeave={() => setCursor(null)}
        onKeyDown={onKeyDown}
        onBlur={() => setCursor(null)}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line className={line.grid} x1={LEFT} x2={LEFT + innerWidth} y1={toY(tick)} y2={toY(tick)} />
            <text className={line.tick} x={LEFT - 6} y={toY(tick) + 4} textAnchor="end">
              {format(Number(tick.toPrecision(6)))}
            </text>
          </g>
        ))}
        {reference !== undefined && (
          <line className={line.cursor} x1={LEFT} x2={LEFT + innerWidth} y1={toY(reference)} y2={toY(reference)} />
        )}
        {steps.map(({ label: step }, index) =>
          index % every === 0 ? (
            <text key={step} className={line.tick} x={toX(index)} y={height - 6} textAnchor="middle">
              {step}
            </text>
          ) : null,
        )}
        {series.map(({ name, points }, index) => (
          <TrendLine
            key={name}
            points={points}
            toX={(step) => toX(step) + (index - (series.length - 1) / 2) * 6}
            toY={toY}
            color={SERIES[index] ?? ""}
            band={BANDS[index] ?? ""}
          />
        ))}
        {cursor !== null && (
          <line className={line.cursor} x1={toX(shown)} x2={toX(shown)} y1={TOP} y2={TOP + innerHeight} />
        )}
      </svg>
    </div>
  );
}

interface TrendLineProps {
  points: TrendPoint[];
  toX: (index: number) => number;
  toY: (value: number) => number;
  color: string;
  band: string;
}

function TrendLine({ points, toX, toY, color, band }: TrendLineProps) {
  const known = points.flatMap(({ value, low, high }, index) =>
    value === null ? [] : [{ x: toX(index), y: toY(value), low: toY(low ?? value), high: toY(high ?? value) }],
  );
  const path = known.map(({ x, y }, index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  const edge = [...known.map(({ x, high }) => `${x},${high}`), ...known.reverse().map(({ x, low }) => `${x},${low}`)];
  return (
    <g>
      <polygon className={`${classes.band} ${band}`} points={edge.join(" ")} />
      <path className={`${line.line} ${color}`} d={path} />
      {known.map(({ x, y, low, high }) => (
        <g key={x}>
          <line className={`${classes.whisker} ${color}`} x1={x} x2={x} y1={low} y2={high} />
          <circle className={color} cx={x} cy={y} r={3.5} />
        </g>
      ))}
    </g>
  );
}
