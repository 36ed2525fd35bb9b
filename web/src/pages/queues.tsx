// All queues, live. Thousands of them cost no more than those in view.
import { useMemo, useRef, useState } from 'preact/hooks';
import { ask } from '../components/dialog';
import { Button, Card, Empty, Link, Loading } from '../components/basics';
import { SpacerRow, useWindow } from '../components/virtual';
import { t, type Key } from '../i18n';
import { deleteQueue, pauseQueue } from '../lib/actions';
import { bytes, count, duration, percent, shortCount } from '../lib/format';
import { queues } from '../lib/live';
import { queueLink } from '../lib/router';
import { mayAct, mayAdminister } from '../lib/session';
import { useStore } from '../lib/store';
import { kStates, type Queue } from '../lib/types';

const kRowHeight = 41;
type SortKey = 'queue' | 'size' | 'latency_msec' | 'processed' | 'failed' | 'memory_usage_bytes';
const kColumns: { key: SortKey; name: Key; minor?: boolean }[] = [
  { key: 'size', name: 'column.size' },
  { key: 'latency_msec', name: 'latency', minor: true },
  { key: 'processed', name: 'column.processed', minor: true },
  { key: 'failed', name: 'column.failed' },
  { key: 'memory_usage_bytes', name: 'column.memory', minor: true },
];

export function sortQueues(all: Iterable<Queue>, filter: string, key: SortKey, down: boolean): Queue[] {
  const wanted = filter.trim().toLowerCase();
  const rows = [...all].filter((q) => q.queue.toLowerCase().includes(wanted));
  const order = (a: Queue, b: Queue): number =>
    key === 'queue' ? a.queue.localeCompare(b.queue) : a[key] - b[key] || a.queue.localeCompare(b.queue);
  return rows.sort((a, b) => (down ? order(b, a) : order(a, b)));
}

export function confirmDelete(queue: Queue): void {
  ask({
    title: t('queue.delete'),
    text:
      queue.size > 0
        ? t('queue.delete_full', { queue: queue.queue, n: count(queue.size) })
        : t('queue.delete_empty', { queue: queue.queue }),
    button: t('verb.delete'),
    danger: true,
    word: queue.size > 0 ? queue.queue : undefined,
    act: () => void deleteQueue(queue.queue, queue.size > 0),
  });
}

export function Queues() {
  const known = useStore(queues);
  const [filter, setFilter] = useState('');
  const [sort, setSort] = useState<{ key: SortKey; down: boolean }>({ key: 'queue', down: false });
  const rows = useMemo(() => sortQueues(known?.values() ?? [], filter, sort.key, sort.down), [known, filter, sort]);
  const box = useRef<HTMLDivElement>(null);
  const { from, to } = useWindow(box, rows.length, kRowHeight);
  if (!known) return <Loading />;
  const change = (key: SortKey): void => setSort({ key, down: sort.key === key ? !sort.down : key !== 'queue' });
  const heading = (key: SortKey, name: Key, className: string) => (
    <th class={className} aria-sort={sort.key !== key ? 'none' : sort.down ? 'descending' : 'ascending'} key={key}>
      <button type="button" class="sort" onClick={() => change(key)}>
        {t(name)}
        <span aria-hidden="true">{sort.key === key ? (sort.down ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </th>
  );
  const columns = kColumns.length + 3;
  return (
    <>
      <div class="page-head">
        <h1>
          {t('queues')} <small>{count(known.size)}</small>
        </h1>
        <input
          type="search"
          class="filter"
          value={filter}
          placeholder={t('queues.filter')}
          aria-label={t('queues.filter')}
          onInput={(e) => setFilter(e.currentTarget.value)}
        />
      </div>
      <Card>
        <div class="table-box tall" ref={box} tabIndex={0} role="region" aria-label={t('queues')}>
          <table class="fixed-rows">
            <thead>
              <tr>
                {heading('queue', 'column.queue', '')}
                <th class="minor">{t('column.states')}</th>
                {kColumns.map((c) => heading(c.key, c.name, `number ${c.minor ? 'minor' : ''}`))}
                <th class="actions">
                  <span class="off-screen">{t('column.actions')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              <SpacerRow rows={from} rowHeight={kRowHeight} columns={columns} />
              {rows.slice(from, to).map((q) => (
                <Row key={q.queue} q={q} />
              ))}
              <SpacerRow rows={rows.length - to} rowHeight={kRowHeight} columns={columns} />
            </tbody>
          </table>
          {rows.length === 0 && (
            <Empty icon="queues" title={known.size === 0 ? t('queues.none') : t('queues.no_match')} />
          )}
        </div>
      </Card>
    </>
  );
}

function Row({ q }: { q: Queue }) {
  return (
    <tr>
      <td class="name-cell">
        <Link href={queueLink(q.queue)} class="clip" title={q.queue}>
          {q.queue}
        </Link>
        {q.paused && <span class="badge warn">{t('paused')}</span>}
      </td>
      <td class="minor">
        <StateBar q={q} />
      </td>
      <td class="number">{shortCount(q.size)}</td>
      <td class="number minor">{q.latency_msec > 0 ? duration(q.latency_msec) : <span class="zero">–</span>}</td>
      <td class="number minor">{shortCount(q.processed)}</td>
      <td class="number">
        {q.failed === 0 ? (
          <span class="zero">0</span>
        ) : (
          <>
            {shortCount(q.failed)} <small class="minor muted">{percent(q.failed, q.processed)}</small>
          </>
        )}
      </td>
      <td class="number minor">{bytes(q.memory_usage_bytes)}</td>
      <td class="actions">
        {mayAct() && (
          <Button
            small
            kind="ghost"
            icon={q.paused ? 'run' : 'pause'}
            label={t(q.paused ? 'queue.resume_named' : 'queue.pause_named', { queue: q.queue })}
            onClick={() => void pauseQueue(q.queue, !q.paused)}
          />
        )}
        {mayAdminister() && (
          <Button
            small
            kind="ghost"
            icon="delete"
            label={t('queue.delete_named', { queue: q.queue })}
            onClick={() => confirmDelete(q)}
          />
        )}
      </td>
    </tr>
  );
}

// The shares of the states as a bar, and in words.
export function StateBar({ q }: { q: Queue }) {
  const present = kStates.filter((s) => q[s] > 0);
  const words = present.map((s) => `${t(`state.${s}`)} ${count(q[s])}`).join(', ');
  return (
    <div class="state-bar" role="img" aria-label={words || t('queue.empty')} title={words}>
      {present.map((s) => (
        <i key={s} class={`fill-state-${s}`} style={{ flexGrow: Math.max(q[s] / q.size, 0.02) }} />
      ))}
    </div>
  );
}
