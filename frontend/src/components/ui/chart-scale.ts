/** Pure arithmetic of the line chart: ticks, smoothing, thinning. */

export interface ChartPoint {
  x: number;
  y: number;
}

/** About `count` round numbers that cover low..high, none of them outside `bounds`. */
export function niceTicks(low: number, high: number, count: number, bounds: readonly [number, number] = [-Infinity, Infinity]): number[] {
  if (low === high) {
    const margin = Math.abs(low) * 0.1 || 1;
    return niceTicks(Math.max(low - margin, bounds[0]), Math.min(high + margin, bounds[1]), count, bounds);
  }
  const rough = (high - low) / count;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => size >= rough) ?? rough;
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  const isInside = (tick: number) => tick >= bounds[0] - step / 1000 && tick <= bounds[1] + step / 1000;
  return ticks.filter(isInside);
}

/** Exponential moving average, corrected for its start; `weight` 0 leaves the points as they are. */
export function smooth(points: ChartPoint[], weight: number): ChartPoint[] {
  let average = 0;
  let mass = 0;
  return points.map(({ x, y }) => {
    average = average * weight + y * (1 - weight);
    mass = mass * weight + (1 - weight);
    return { x, y: average / mass };
  });
}

/** At most about 2 x `buckets` points: the lowest and highest of each bucket, so that no spike is lost. */
export function thin(points: ChartPoint[], buckets: number): ChartPoint[] {
  if (points.length <= buckets * 2) return points;
  const size = Math.ceil(points.length / buckets);
  const kept: ChartPoint[] = [];
  for (let start = 0; start < points.length; start += size) {
    const bucket = points.slice(start, start + size);
    const low = bucket.reduce((a, b) => (b.y < a.y ? b : a));
    const high = bucket.reduce((a, b) => (b.y > a.y ? b : a));
    kept.push(...(low.x < high.x ? [low, high] : low === high ? [low] : [high, low]));
  }
  return kept;
}

/** The point whose x is closest. `points` are in order of x. */
export function nearest(points: ChartPoint[], x: number): ChartPoint | undefined {
  return points.reduce<ChartPoint | undefined>(
    (best, point) => (!best || Math.abs(point.x - x) < Math.abs(best.x - x) ? point : best),
    undefined,
  );
}

/** Four significant digits, without noise: 0.0001234, 1.234, 12,340. */
export function formatNumber(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e9) return value.toExponential(2).replace(/\.?0+e/, "e");
  return value.toLocaleString("en", { maximumSignificantDigits: 4 });
}
