import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { queuePath, segment, taskPath } from '../src/lib/api';
import { failureSources } from '../src/lib/failures';
import { mergeQueues } from '../src/lib/live';
import { actLater, going, goingKey, notices, say } from '../src/lib/notice';
import { link, parsePlace } from '../src/lib/router';
import { column, gridOf, stacked, total } from '../src/lib/series';
import type { Failure, Queue, Series, SeriesPoint } from '../src/lib/types';
import { shownEvents } from '../src/components/timeline';
import { windowOf } from '../src/components/virtual';
import { bodyOf, parseHeaders } from '../src/pages/enqueue';
import { firstState } from '../src/pages/queue';
import { sortQueues } from '../src/pages/queues';
import { queueOf } from '../src/pages/schedulers';
import { guessWhere } from '../src/pages/search';

const kOddNames = [
  'a/b',
  'a b',
  'é',
  '队列',
  "it's",
  '"q"',
  '<script>alert(1)</script>',
  'a:b',
  'a%2Fb',
  '...',
  '?x=1#y',
];

const queue = (name: string, values: Partial<Queue> = {}): Queue => ({
  queue: name,
  paused: false,
  size: 0,
  groups: 0,
  latency_msec: 0,
  memory_usage_bytes: 0,
  processed: 0,
  failed: 0,
  expired: 0,
  processed_total: 0,
  failed_total: 0,
  timestamp: '',
  active: 0,
  pending: 0,
  aggregating: 0,
  scheduled: 0,
  retry: 0,
  archived: 0,
  completed: 0,
  ...values,
});

describe('names in paths', () => {
  it.each(kOddNames)('%s is one segment and comes back', (name) => {
    expect(segment(name)).not.toMatch(/[/:?#]/);
    expect(new URL(`http://h/api/${queuePath(name)}`).pathname).toBe(`/api/${queuePath(name)}`);
    const url = new URL(`http://h${link(['queues', name, 'tasks', name], { state: 'retry' })}`);
    expect(parsePlace(url.pathname, url.search, '/').segments).toEqual(['queues', name, 'tasks', name]);
    expect(taskPath(name, name).split('/')).toHaveLength(4);
  });
  it('are found below the root', () => {
    expect(parsePlace('/ops/queues/x', '?state=retry', '/ops/').segments).toEqual(['queues', 'x']);
    expect(parsePlace('/ops/', '', '/ops/').segments).toEqual([]);
    expect(parsePlace('/ops', '', '/ops/').segments).toEqual(['ops']);
  });
  it('that are broken are shown as they are', () =>
    expect(parsePlace('/queues/%E0%A4', '', '/').segments).toEqual(['queues', '%E0%A4']));
});

describe('pushed queues', () => {
  it('replace all, or change some', () => {
    const first = mergeQueues(null, { full: true, queues: [queue('a'), queue('b')], removed: [] });
    const second = mergeQueues(first, { full: false, queues: [queue('b', { size: 5 }), queue('c')], removed: ['a'] });
    expect([...second.keys()]).toEqual(['b', 'c']);
    expect(second.get('b')?.size).toBe(5);
    expect([...mergeQueues(second, { full: true, queues: [], removed: [] }).keys()]).toEqual([]);
  });
});

describe('sorting queues', () => {
  const all = [queue('b', { size: 2 }), queue('A', { size: 9 }), queue('c', { size: 2 })];
  it('goes by a column, then by name', () => {
    expect(sortQueues(all, '', 'size', true).map((q) => q.queue)).toEqual(['A', 'c', 'b']);
    expect(sortQueues(all, '', 'queue', false).map((q) => q.queue)).toEqual(['A', 'b', 'c']);
  });
  it('keeps those that match', () => expect(sortQueues(all, ' a', 'queue', false).map((q) => q.queue)).toEqual(['A']));
});

describe('the state shown first', () => {
  it('is what failed, then what is under way', () => {
    expect(firstState(queue('q', { pending: 5, archived: 1 }))).toBe('archived');
    expect(firstState(queue('q', { pending: 5, completed: 1 }))).toBe('pending');
    expect(firstState(queue('q'))).toBe('pending');
  });
});

describe('failures of all queues', () => {
  it('are read from a page of lists at most, only where there are some', () => {
    const many = Array.from({ length: 5000 }, (_, i) => queue(`q${i}`, { retry: 1 }));
    const sources = failureSources([...many, queue('x', { archived: 2 }), queue('y', { archived: 9, retry: 1 })], 6);
    expect(sources.slice(0, 2)).toEqual([
      { queue: 'y', state: 'archived', count: 9 },
      { queue: 'x', state: 'archived', count: 2 },
    ]);
    expect(sources).toHaveLength(6);
    expect(failureSources([queue('z', { pending: 5 })], 6)).toEqual([]);
  });
});

describe('the window of a long list', () => {
  it('holds the rows in view and some around', () => {
    expect(windowOf(5000, 40, 0, 400)).toEqual({ from: 0, to: 20 });
    expect(windowOf(5000, 40, 4000, 400)).toEqual({ from: 90, to: 120 });
    expect(windowOf(5, 40, 0, 400)).toEqual({ from: 0, to: 5 });
    expect(windowOf(5, 40, 99_999, 400)).toEqual({ from: 0, to: 5 });
    expect(windowOf(0, 40, 0, 400)).toEqual({ from: 0, to: 0 });
  });
});

describe('history', () => {
  const point = (t: string, values: Partial<SeriesPoint>): SeriesPoint => ({
    t,
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
    ...values,
  });
  const series: Series = {
    range: 'hour',
    step_seconds: 60,
    points: [point('2026-11-21T10:30:00Z', { pending: 3, active: 2, processed: 7 })],
  };
  const end = Date.parse('2026-11-21T10:59:30Z') / 1000;
  it('has a place for each step: none before the first, 0 where nothing was left to tell', () => {
    const grid = gridOf(series, end);
    expect(grid.times).toHaveLength(60);
    expect(grid.times.at(-1)).toBe(Date.parse('2026-11-21T10:59:00Z') / 1000);
    const processed = column(grid, (p) => p.processed);
    expect(processed.slice(0, 30)).toEqual(Array(30).fill(null));
    expect(processed.slice(30)).toEqual([7, ...Array<number>(29).fill(0)]);
    expect(total(processed)).toBe(7);
  });
  it('stacks states on each other', () => {
    const tops = stacked(gridOf(series, end), ['active', 'pending']).map((c) => c.filter((v) => v !== null));
    expect(tops.map((c) => c[0])).toEqual([2, 5]);
  });
});

describe('the timeline', () => {
  it('tells a crash from a failure, and a time to run once', () => {
    const at = '2026-11-21T10:00:00Z';
    const events = [
      { at, event: 'failed', text: 'x' },
      { at, event: 'scheduled', text: '', future: true },
      { at, event: 'due', text: '', future: true },
    ];
    const names = (failure?: Failure) => shownEvents(events, failure).map((e) => e.event);
    expect(names({ kind: 'signal', message: '', signal: 11, detail: '' })).toEqual(['crashed', 'due']);
    expect(names({ kind: 'error', message: '', detail: '' })).toEqual(['failed', 'due']);
  });
});

describe('the search box', () => {
  it.each([
    ['0190a1b2-1111', 'id'],
    ['0190a1b2', 'id'],
    ['email:welcome', 'type'],
    ['a:b:c', 'type'],
    ['ada@example.org', 'payload'],
    ['{"to": 1}', 'payload'],
    ['a: b', 'payload'],
  ])('%s is a %s', (text, where) => expect(guessWhere(text)).toBe(where));
});

describe('a new task', () => {
  it('is sent without what was left empty', () => {
    const draft = {
      queue: 'q',
      type: 'a',
      form: 'json' as const,
      payload: '{}',
      fields: { max_retry: '0', timeout_seconds: ' 1.5 ', id: '', group: 'g' },
      headers: 'a: b: c\nnonsense\n: x',
    };
    expect(bodyOf(draft)).toEqual({
      type: 'a',
      payload: '{}',
      max_retry: 0,
      timeout_seconds: 1.5,
      group: 'g',
      headers: { a: 'b: c' },
    });
    expect(parseHeaders('')).toEqual({});
  });
});

describe("an entry's queue", () => {
  it('is read from its options', () => {
    const entry = (options: string[]) =>
      queueOf({ id: '', spec: '', task_type: '', task_payload: '', options, next_enqueue_at: '', factory: false });
    expect(entry(['MaxRetry(3)', 'Queue("a \\"b\\"")'])).toBe('a "b"');
    expect(entry(['Timeout(1m)'])).toBe('default');
  });
});

describe('an action that waits', () => {
  it('keeps its undo, however many messages come after it', () => {
    vi.useFakeTimers();
    actLater('Deleting', [], () => Promise.resolve());
    for (let i = 0; i < 20; i++) say(`message ${i}`);
    expect(notices.get().filter((n) => n.undo)).toHaveLength(1);
    expect(notices.get().length).toBeLessThan(8);
    notices.set([]);
    vi.useRealTimers();
  });

  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('is done after its time, and its tasks are marked until then', async () => {
    const act = vi.fn(() => Promise.resolve());
    actLater('Deleting', [goingKey('q', '1')], act);
    expect(going.get().has(goingKey('q', '1'))).toBe(true);
    expect(act).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(6000);
    expect(act).toHaveBeenCalledOnce();
    expect(going.get().size).toBe(0);
    expect(notices.get()).toEqual([]);
  });

  it('is never done when it was undone', async () => {
    const act = vi.fn(() => Promise.resolve());
    actLater('Deleting', [goingKey('q', '1')], act);
    notices.get().at(-1)?.undo?.();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(act).not.toHaveBeenCalled();
    expect(going.get().size).toBe(0);
  });
});
