// A chart over time, drawn by uPlot in the colours of the theme.
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { settings } from '../lib/settings';
import { shortCount, time } from '../lib/format';
import { useStore } from '../lib/store';
import { shade } from '../lib/theme';
import type { Column } from '../lib/series';

export interface ChartSeries {
  label: string;
  colour: string; // name of a custom property
  values: Column; // as drawn
  shown?: Column; // as told in the legend, where that is another
  summary: number; // told while the pointer is elsewhere
}

interface ChartProps {
  label: string;
  times: number[];
  series: ChartSeries[]; // later ones are drawn over earlier ones
  kind: 'bars' | 'areas' | 'line';
  format?: (n: number) => string;
  height?: number;
  hidden?: ReadonlySet<string>;
  onToggle?: (label: string) => void;
}

const kFont = '11px system-ui, sans-serif';

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function axisTime(at: number, stepSeconds: number): string {
  const text = time(at * 1000);
  return stepSeconds >= 86_400 ? text.slice(5, 10) : text.slice(11, 16);
}

function options(props: ChartProps, width: number, onCursor: (i: number | null) => void): uPlot.Options {
  const format = props.format ?? shortCount;
  const grid = { stroke: colour('--line'), width: 1 };
  const axis = { stroke: colour('--muted'), font: kFont, ticks: { show: false } };
  const bars = uPlot.paths.bars?.({ size: [0.8, 24], radius: 0.15 });
  return {
    width,
    height: props.height ?? 190,
    padding: [10, 18, 0, 0],
    legend: { show: false },
    cursor: { points: { show: props.kind !== 'bars' }, drag: { x: false, y: false }, y: false },
    scales: { x: { time: false }, y: { range: (_u, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 70,
        size: 26,
        incrs: [300, 600, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400],
        values: (_u, splits, _axis, _space, incr) => splits.map((at) => axisTime(at, incr)),
      },
      {
        ...axis,
        grid,
        size: 46,
        space: 34,
        values: (_u, splits) => splits.map((v) => (props.format || Number.isInteger(v) ? format(v) : '')),
      },
    ],
    series: [
      {},
      ...props.series.map((s): uPlot.Series => ({
        label: s.label,
        stroke: colour(s.colour),
        width: props.kind === 'bars' ? 0 : 1.5,
        fill:
          props.kind === 'bars' ? colour(s.colour) : props.kind === 'areas' ? colour(`${s.colour}-tint`) : undefined,
        paths: props.kind === 'bars' ? bars : undefined,
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: { setCursor: [(u) => onCursor(u.cursor.idx ?? null)] },
  };
}

export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const { language, utc } = useStore(settings);
  const theme = useStore(shade);
  const shape = [props.kind, props.series.map((s) => s.label).join(), theme, language, utc].join('|');
  const data = (): uPlot.AlignedData => [props.times, ...props.series.map((s) => s.values)];

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = new uPlot(options(props, Math.max(element.clientWidth, 200), setAt), data(), element);
    plot.current = made;
    const watch = new ResizeObserver(() =>
      made.setSize({ width: Math.max(element.clientWidth, 200), height: made.height }),
    );
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(data()), [props.times, props.series]);

  return (
    <figure class="chart">
      <Legend {...props} at={at} />
      <div
        ref={box}
        class="plot"
        role="img"
        aria-label={`${props.label}. ${props.series.map((s) => `${s.label}: ${s.summary}`).join(', ')}`}
      />
    </figure>
  );
}

function Legend({ series, times, at, format = shortCount, hidden, onToggle }: ChartProps & { at: number | null }) {
  const stamp = at === null ? undefined : times[at];
  return (
    <figcaption class="legend">
      {series.map((s) => {
        const value = at === null ? s.summary : (s.shown ?? s.values)[at];
        const inside = (
          <>
            <i class={`swatch ${s.colour.replace('--', 'fill-')}`} />
            {s.label} <b>{value === null || value === undefined ? '–' : format(value)}</b>
          </>
        );
        return onToggle ? (
          <button type="button" key={s.label} aria-pressed={!hidden?.has(s.label)} onClick={() => onToggle(s.label)}>
            {inside}
          </button>
        ) : (
          <span key={s.label}>{inside}</span>
        );
      })}
      <span class="legend-time">{stamp === undefined ? '' : time(stamp * 1000).slice(0, 16)}</span>
    </figcaption>
  );
}
