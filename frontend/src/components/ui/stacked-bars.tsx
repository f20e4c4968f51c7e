import { useElementSize } from "@mantine/hooks";
import { useState, type KeyboardEvent, type PointerEvent } from "react";

import { formatNumber, niceTicks } from "./chart-scale";
import line from "./line-chart.module.css";

interface StackedBarsProps {
  label: string;
  /** Names of the steps from left to right; `series` has one number for each. */
  steps: string[];
  series: { name: string; values: number[] }[];
  height?: number;
}

const LEFT = 44;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;
const SERIES = [line.series0, line.series1, line.series2, line.series3];

/** Counts of several kinds stacked at each step. Pointer or arrow keys read them. */
export function StackedBars({ label, steps, series, height = 180 }: StackedBarsProps) {
  const { ref, width } = useElementSize();
  const [cursor, setCursor] = useState<number | null>(null);
  const totals = steps.map((_, step) => series.reduce((sum, { values }) => sum + (values[step] ?? 0), 0));
  const ticks = niceTicks(0, Math.max(...totals, 1), 4).filter(Number.isInteger);
  const ceiling = ticks[ticks.length - 1] ?? 1;
  const innerWidth = Math.max(width - LEFT - RIGHT, 1);
  const innerHeight = height - TOP - BOTTOM;
  const slot = innerWidth / Math.max(steps.length, 1);
  const barWidth = Math.max(Math.min(slot * 0.72, 28), 1);
  const toY = (value: number) => TOP + (1 - value / ceiling) * innerHeight;
  const shown = cursor ?? steps.length - 1;
  const every = Math.ceil(steps.length / Math.max(Math.floor(innerWidth / 70), 1));

  const onPointerMove = (event: PointerEvent<SVGSVGElement>) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT;
    setCursor(Math.min(Math.max(Math.floor(x / slot), 0), steps.length - 1));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    setCursor(Math.min(Math.max(shown + direction, 0), steps.length - 1));
  };
  const reading = series.map(({ name, values }) => `${name} ${formatNumber(values[shown] ?? 0)}`).join(", ");

  return (
    <div className={line.frame} ref={ref}>
      <div className={line.legend}>
        <span>{steps[shown]}</span>
        {series.map(({ name, values }, index) => (
          <span key={name} className={line.legendItem}>
            <span className={`${line.swatch} ${SERIES[index % SERIES.length]}`} aria-hidden />
            {name} {formatNumber(values[shown] ?? 0)}
          </span>
        ))}
      </div>
      <svg
        className={line.svg}
        height={height}
        role="img"
        aria-label={`${label}. ${steps[shown]}: ${reading}`}
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
              {formatNumber(tick)}
            </text>
          </g>
        ))}
        {steps.map((step, index) => {
          let below = 0;
          const x = LEFT + slot * index + (slot - barWidth) / 2;
          return (
            <g key={step} opacity={cursor === null || cursor === index ? 1 : 0.45}>
              {series.map(({ name, values }, kind) => {
                const value = values[index] ?? 0;
                const y = toY(below + value);
                const bar = (
                  <rect
                    key={name}
                    className={SERIES[kind % SERIES.length]}
                    strokeWidth={0}
                    x={x}
                    y={y}
                    width={barWidth}
                    height={Math.max(toY(below) - y, 0)}
                  />
                );
                below += value;
                return bar;
              })}
              {(steps.length - 1 - index) % every === 0 && (
                <text
                  className={line.tick}
                  x={index === steps.length - 1 ? LEFT + innerWidth : x + barWidth / 2}
                  y={height - 6}
                  textAnchor={index === steps.length - 1 ? "end" : "middle"}
                >
                  {step}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </div>
  );
}
