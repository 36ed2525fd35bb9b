// The charts of the last hour, day or week, of one queue or of all.
import { useMemo, useState } from 'preact/hooks';
import { t } from '../i18n';
import { get } from '../lib/api';
import { duration } from '../lib/format';
import { useData } from '../lib/query';
import { column, gridOf, stacked, total } from '../lib/series';
import { kStates, type Range, type Series } from '../lib/types';
import { Card, Empty, Segments, stateName } from './basics';
import { Chart } from './chart';

const kRefreshSeconds: Record<Range, number> = { hour: 10, day: 60, week: 300 };
const kRanges: Range[] = ['hour', 'day', 'week'];

export function History({ queue }: { queue?: string }) {
  const [range, setRange] = useState<Range>('hour');
  const { data, error } = useData(() => get<Series>('series', { range, queue }), [range, queue], {
    everySeconds: kRefreshSeconds[range],
  });
  const tools = (
    <Segments
      label={t('history.range')}
      value={range}
      onChange={setRange}
      choices={kRanges.map((r) => ({ value: r, text: t(`range.${r}`) }))}
    />
  );
  const grid = useMemo(() => (data ? gridOf(data, Date.now() / 1000) : null), [data]);
  const runs = useMemo(() => {
    if (!grid) return [];
    const processed = column(grid, (p) => p.processed);
    const failed = column(grid, (p) => p.failed);
    const succeeded = column(grid, (p) => p.processed - p.failed);
    return [
      { label: t('succeeded'), colour: '--chart-done', values: processed, shown: succeeded, summary: total(succeeded) },
      { label: t('failed'), colour: '--chart-failed', values: failed, summary: total(failed) },
    ];
  }, [grid]);
  if (error?.status === 404) return null; // this server keeps none
  const empty = error !== null || (grid !== null && grid.points.every((p) => p === null));
  return (
    <div class={`charts ${queue === undefined ? '' : 'of-queue'}`}>
      <Card title={t('history.runs')} tools={tools} name="chart-card">
        {grid && !empty && <Chart label={t('history.runs')} times={grid.times} series={runs} kind="bars" />}
        {empty && <Empty title={t('history.empty')}>{t('history.empty_why')}</Empty>}
      </Card>
      <Card title={t('history.backlog')} name="chart-card">
        {grid && !empty && <Backlog grid={grid} />}
        {empty && <Empty title={t('history.empty')} />}
      </Card>
      {queue !== undefined && (
        <Card title={t('history.latency')} name="chart-card">
          {grid && !empty && (
            <Chart
              label={t('history.latency')}
              times={grid.times}
              kind="line"
              format={duration}
              series={[
                {
                  label: t('latency'),
                  colour: '--chart-line',
                  values: column(grid, (p) => p.latency_msec),
                  summary: Math.max(0, ...grid.points.map((p) => p?.latency_msec ?? 0)),
                },
              ]}
            />
          )}
          {empty && <Empty title={t('history.empty')} />}
        </Card>
      )}
    </div>
  );
}

// Tasks by state, standing on each other; those that are over are left out until asked for.
function Backlog({ grid }: { grid: ReturnType<typeof gridOf> }) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set(['completed', 'archived']));
  const series = useMemo(() => {
    const shown = kStates.filter((s) => !hidden.has(s));
    const tops = stacked(grid, shown);
    return kStates
      .map((state) => {
        const own = column(grid, (p) => p[state]);
        const values = hidden.has(state) ? own.map(() => null) : (tops[shown.indexOf(state)] ?? []);
        const last = [...own].reverse().find((v) => v !== null) ?? 0;
        return { label: stateName(state), colour: `--state-${state}`, values, shown: own, summary: last };
      })
      .reverse(); // the highest first, so that the lower ones stay in sight
  }, [grid, hidden]);
  const toggle = (label: string): void => {
    const state = kStates.find((s) => stateName(s) === label);
    if (!state) return;
    const next = new Set(hidden);
    if (!next.delete(state)) next.add(state);
    setHidden(next);
  };
  return (
    <Chart
      label={t('history.backlog')}
      times={grid.times}
      series={series}
      kind="areas"
      hidden={new Set([...hidden].map((s) => stateName(s as (typeof kStates)[number])))}
      onToggle={toggle}
    />
  );
}
