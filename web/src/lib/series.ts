// The broker's history made ready for charts.
import type { Range, Series, SeriesPoint, State } from './types';

export const kRangeSeconds: Record<Range, number> = { hour: 3600, day: 86_400, week: 604_800 };

export interface Grid {
  times: number[]; // seconds since 1970, one a step, from the range's start to its end
  points: (SeriesPoint | null)[]; // null: before the first
}

const kIdle = {
  active: 0,
  pending: 0,
  aggregating: 0,
  scheduled: 0,
  retry: 0,
  archived: 0,
  completed: 0,
  latency_msec: 0,
  processed: 0,
  failed: 0,
};

// Every step of the range. Steps in which empty queues did nothing are left out by the server: they are 0.
export function gridOf(series: Series, endSeconds: number): Grid {
  const step = series.step_seconds;
  const end = Math.floor(endSeconds / step) * step;
  const start = end - kRangeSeconds[series.range] + step;
  const known = new Map<number, SeriesPoint>();
  for (const point of series.points) known.set(Math.floor(Date.parse(point.t) / 1000 / step) * step, point);
  const times: number[] = [];
  for (let at = start; at <= end; at += step) times.push(at);
  const first = Math.min(...known.keys());
  const idle = (at: number): SeriesPoint | null =>
    at > first ? { t: new Date(at * 1000).toISOString(), ...kIdle } : null;
  return { times, points: times.map((at) => known.get(at) ?? idle(at)) };
}

export type Column = (number | null)[];

export function column(grid: Grid, pick: (p: SeriesPoint) => number): Column {
  return grid.points.map((p) => (p ? pick(p) : null));
}

// For areas that stand on each other: for each state its own count and those of all before it.
export function stacked(grid: Grid, states: readonly State[]): Column[] {
  const sums: number[] = grid.points.map(() => 0);
  return states.map((state) =>
    grid.points.map((p, i) => {
      if (!p) return null;
      sums[i] = (sums[i] ?? 0) + p[state];
      return sums[i] ?? 0;
    }),
  );
}

export const total = (values: Column): number => values.reduce<number>((sum, v) => sum + (v ?? 0), 0);
