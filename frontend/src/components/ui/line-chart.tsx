import { useElementSize } from "@mantine/hooks";
import { useState, type KeyboardEvent, type PointerEvent } from "react";

import { formatNumber, nearest, niceTicks, smooth, thin, type ChartPoint } from "./chart-scale";
import classes from "./line-chart.module.css";

export interface ChartSeries {
  name: string;
  points: ChartPoint[];
}

interface LineChartProps {
  label: string;
  series: ChartSeries[];
  xLabel?: string;
  height?: number;
  smoothing?: number;
}

const LEFT = 52;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 22;
const SERIES = [classes.series0, classes.series1, classes.series2, classes.series3];

function linePath(points: ChartPoint[], toX: (x: number) => number, toY: (y: number) => number): string {
  return points.map(({ x, y }, index) => `${index ? "L" : "M"}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`).join("");
}

/** Lines over one horizontal axis. Pointer or arrow keys read the values; colours follow the scheme. */
export function LineChart({ label, series, xLabel = "step", height = 180, smoothing = 0 }: LineChartProps) {
  const { ref, width } = useElementSize();
  const [cursor, setCursor] = useState<number | null>(null);
  const finite = series.map(({ name, points }) => ({ name, points: points.filter(({ y }) => Number.isFinite(y)) }));
  const all = finite.flatMap(({ points }) => points);
  if (all.length === 0) return null;

  const lowX = Math.min(...finite.map(({ points }) => points[0]?.x ?? Infinity));
  const highX = Math.max(...finite.map(({ points }) => points[points.length - 1]?.x ?? -Infinity));
  const [lowY, highY] = all.reduce(([low, high], { y }): [number, number] => [Math.min(low, y), Math.max(high, y)], [
    Infinity,
    -Infinity,
  ] as [number, number]);
  const ticksY = niceTicks(lowY, highY, 4);
  const floor = ticksY[0] ?? lowY;
  const ceiling = ticksY[ticksY.length - 1] ?? highY;
  const innerWidth = Math.max(width - LEFT - RIGHT, 1);
  const innerHeight = height - TOP - BOTTOM;
  const toX = (x: number) => LEFT + (highX === lowX ? innerWidth / 2 : ((x - lowX) / (highX - lowX)) * innerWidth);
  const toY = (y: number) => TOP + (1 - (y - floor) / (ceiling - floor)) * innerHeight;
  const ticksX = niceTicks(lowX, highX, width < 340 ? 3 : 5).filter(
    (x) => x >= lowX && x <= highX && Number.isInteger(x),
  );
  const shownX = cursor ?? highX;

  const onPointerMove = (event: PointerEvent<SVGSVGElement>) => {
    const left = event.currentTarget.getBoundingClientRect().left;
    const x = lowX + ((event.clientX - left - LEFT) / innerWidth) * (highX - lowX);
    setCursor(Math.min(Math.max(x, lowX), highX));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    const points = finite[0]?.points ?? [];
    const here = nearest(points, shownX);
    const next = points[Math.min(Math.max((here ? points.indexOf(here) : 0) + direction, 0), points.length - 1)];
    if (next) setCursor(next.x);
  };

  return (
    <div className={classes.frame} ref={ref}>
      <div className={classes.legend} aria-live="off">
        <span>
          {xLabel} {formatNumber(Math.round(nearest(all, shownX)?.x ?? shownX))}
        </span>
        {finite.map(({ name, points }, index) => (
          <span key={name} className={classes.legendItem}>
            <span className={`${classes.swatch} ${SERIES[index % SERIES.length]}`} aria-hidden />
            {finite.length > 1 && `${name} `}
            {formatNumber(nearest(points, shownX)?.y ?? NaN)}
          </span>
        ))}
      </div>
      <svg
        className={classes.svg}
        height={height}
        role="img"
        aria-label={`${label}: ${finite
          .map(({ name, points }) => `${name} ${formatNumber(points[points.length - 1]?.y ?? NaN)} at the end`)
          .join(", ")}`}
        tabIndex={0}
        onPointerMove={onPointerMove}
        onPointerLeave={() => setCursor(null)}
        onKeyDown={onKeyDown}
        onBlur={() => setCursor(null)}
      >
        {ticksY.map((tick) => (
          <g key={tick}>
            <line className={classes.grid} x1={LEFT} x2={LEFT + innerWidth} y1={toY(tick)} y2={toY(tick)} />
            <text className={classes.tick} x={LEFT - 6} y={toY(tick) + 4} textAnchor="end">
              {formatNumber(Number(tick.toPrecision(6)))}
            </text>
          </g>
        ))}
        {ticksX.map((tick) => (
          <text key={tick} className={classes.tick} x={toX(tick)} y={height - 6} textAnchor="middle">
            {formatNumber(tick)}
          </text>
        ))}
        {finite.map(({ name, points }, index) => {
          const drawn = thin(points, Math.max(Math.floor(innerWidth), 50));
          const color = SERIES[index % SERIES.length];
          const isSmoothed = smoothing > 0 && points.length > 20;
          return (
            <g key={name}>
              {isSmoothed && <path className={`${classes.raw} ${color}`} d={linePath(drawn, toX, toY)} />}
              <path
                className={`${classes.line} ${color}`}
                d={linePath(isSmoothed ? thin(smooth(points, smoothing), innerWidth) : drawn, toX, toY)}
              />
              {points.length === 1 && points[0] && (
                <circle className={color} cx={toX(points[0].x)} cy={toY(points[0].y)} r={3} />
              )}
            </g>
          );
        })}
        {cursor !== null && (
          <line className={classes.cursor} x1={toX(shownX)} x2={toX(shownX)} y1={TOP} y2={TOP + innerHeight} />
        )}
      </svg>
    </div>
  );
}
