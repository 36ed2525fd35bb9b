// One queue: its states with live counts, and the tasks of one of them.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, Card, Empty, Failed, Link, Loading } from '../components/basics';
import { ask } from '../components/dialog';
import { History } from '../components/history';
import { PagerBar } from '../components/pager';
import { TaskTable, verbIcon } from '../components/task-table';
import { t } from '../i18n';
import { actOnAll, explain, pauseQueue, verbsFor, type Verb } from '../lib/actions';
import { get, queuePath, segment } from '../lib/api';
import { bytes, count, duration, percent } from '../lib/format';
import { queues } from '../lib/live';
import { usePager } from '../lib/pages';
import { useData } from '../lib/query';
import { link, place, queueLink, setQuery } from '../lib/router';
import { info, mayAct, mayAdminister } from '../lib/session';
import { settings } from '../lib/settings';
import { useStore } from '../lib/store';
import { kStates, type Group, type Queue, type State, type TaskPage } from '../lib/types';
import { confirmDelete } from './queues';

const kOrder: State[] = ['pending', 'active', 'scheduled', 'retry', 'archived', 'completed', 'aggregating'];

// The state to show when none is asked for: what failed, else what is under way.
export function firstState(q: Queue): State {
  return (
    (['archived', 'retry', 'active', 'pending', 'scheduled', 'aggregating', 'completed'] as const).find(
      (s) => q[s] > 0,
    ) ?? 'pending'
  );
}

export function QueuePage({ name }: { name: string }) {
  const known = useStore(queues);
  const { query } = useStore(place);
  const q = known?.get(name);
  const asked = query.get('state') ?? query.get('status'); // asynqmon's word for it
  const first = useRef<State | null>(null);
  if (!known) return <Loading />;
  if (!q)
    return (
      <Empty icon="queues" title={t('queue.unknown', { queue: name })} page>
        <Link href={link(['queues'])}>{t('queues')}</Link>
      </Empty>
    );
  first.current ??= firstState(q);
  const state = kStates.find((s) => s === asked) ?? first.current;
  return (
    <>
      <Head q={q} />
      <nav class="tabs" aria-label={t('column.states')}>
        {kOrder.map((s) => (
          <Link
            key={s}
            href={queueLink(name, s)}
            class={`tab tab-${s}`}
            aria-current={s === state ? 'page' : undefined}
          >
            {t(`state.${s}`)} <b class={q[s] === 0 ? 'zero' : ''}>{count(q[s])}</b>
          </Link>
        ))}
      </nav>
      <Tasks q={q} state={state} key={state} />
    </>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Head({ q }: { q: Queue }) {
  const [charts, setCharts] = useState(false);
  return (
    <>
      <nav class="crumbs" aria-label={t('crumbs')}>
        <Link href={link(['queues'])}>{t('queues')}</Link> <span aria-hidden="true">/</span>
      </nav>
      <div class="page-head">
        <h1 class="clip" title={q.queue}>
          {q.queue}
        </h1>
        {q.paused && <span class="badge warn">{t('paused')}</span>}
        <span class="grow" />
        {info.get()?.features.history !== false && (
          <Button icon="overview" pressed={charts} onClick={() => setCharts(!charts)}>
            {t('charts')}
          </Button>
        )}
        {mayAct() && (
          <Button icon={q.paused ? 'run' : 'pause'} onClick={() => void pauseQueue(q.queue, !q.paused)}>
            {t(q.paused ? 'queue.resume' : 'queue.pause')}
          </Button>
        )}
        {mayAct() && (
          <Link href={link(['enqueue'], { queue: q.queue })} class="button plain">
            {t('enqueue')}
          </Link>
        )}
        {mayAdminister() && <Button icon="delete" label={t('queue.delete')} onClick={() => confirmDelete(q)} />}
      </div>
      <dl class="facts">
        <Fact name={t('column.size')}>{count(q.size)}</Fact>
        <Fact name={t('latency')}>{q.latency_msec > 0 ? duration(q.latency_msec) : '–'}</Fact>
        <Fact name={t('today')}>
          {t('queue.today', {
            processed: count(q.processed),
            failed: count(q.failed),
            percent: percent(q.failed, q.processed),
          })}
        </Fact>
        <Fact name={t('total')}>
          {t('queue.total', { processed: count(q.processed_total), failed: count(q.failed_total) })}
        </Fact>
        <Fact name={t('column.memory')}>{bytes(q.memory_usage_bytes)}</Fact>
        {q.groups > 0 && <Fact name={t('groups')}>{count(q.groups)}</Fact>}
      </dl>
      {charts && <History queue={q.queue} />}
    </>
  );
}

function Tasks({ q, state }: { q: Queue; state: State }) {
  const { pageSize, pollSeconds } = useStore(settings);
  const { query } = useStore(place);
  const type = query.get('type') ?? '';
  const id = query.get('id') ?? '';
  const group = query.get('group') ?? '';
  const pager = usePager([q.queue, state, type, id, group, pageSize]);
  const grouped = state === 'aggregating';
  const groups = useData(
    async () => (grouped ? (await get<{ groups: Group[] }>(`${queuePath(q.queue)}/groups`)).groups : []),
    [q.queue, grouped, q.aggregating],
  );
  const inGroup = grouped ? group || groups.data?.[0]?.group : undefined;
  const path = grouped
    ? `${queuePath(q.queue)}/groups/${segment(inGroup ?? '')}/aggregating_tasks`
    : `${queuePath(q.queue)}/${state}_tasks`;
  const list = useData<TaskPage>(
    async () =>
      grouped && inGroup === undefined
        ? { tasks: [], next: '' }
        : get<TaskPage>(path, { size: pageSize, cursor: pager.cursor, type, id }),
    [path, pageSize, pager.cursor, type, id],
    { everySeconds: pollSeconds, onActions: true },
  );
  // The counts are pushed: a list whose count has changed is loaded again.
  const counted = useRef(q[state]);
  useEffect(() => {
    if (counted.current !== q[state]) list.reload();
    counted.current = q[state];
  }, [q[state]]);
  const filtered = type !== '' || id !== '';
  const tasks = list.data?.tasks ?? [];
  return (
    <Card name="task-card">
      <div class="toolbar">
        <Filter name={t('filter.type')} field="type" value={type} />
        <Filter name={t('filter.id')} field="id" value={id} />
        {grouped && (
          <select
            aria-label={t('column.group')}
            value={inGroup}
            onChange={(e) => setQuery({ group: e.currentTarget.value })}
          >
            {(groups.data ?? []).map((g) => (
              <option key={g.group} value={g.group}>{`${g.group} (${count(g.size)})`}</option>
            ))}
          </select>
        )}
        <span class="grow" />
        {mayAct() && tasks.length > 0 && (
          <AllButtons of={{ queue: q.queue, state, group: inGroup, type, id }} n={filtered ? null : q[state]} />
        )}
      </div>
      {list.error && <Failed text={explain(list.error)} retry={list.reload} />}
      {list.loading && <Loading />}
      {list.data && tasks.length === 0 && (
        <Empty title={t(filtered ? 'tasks.no_match' : 'tasks.none', { state: t(`state.${state}`) })}>
          {filtered ? (
            <Button small onClick={() => setQuery({ type: '', id: '' })}>
              {t('filter.clear')}
            </Button>
          ) : (
            t(`tasks.none.${state}`)
          )}
        </Empty>
      )}
      {tasks.length > 0 && <TaskTable tasks={tasks} state={state} />}
      {list.data && (
        <PagerBar
          pager={pager}
          next={list.data.next}
          shown={tasks.length}
          size={pageSize}
          total={filtered ? null : q[state]}
        />
      )}
    </Card>
  );
}

function Filter({ name, field, value }: { name: string; field: string; value: string }) {
  return (
    <input
      type="search"
      class="filter"
      placeholder={name}
      aria-label={name}
      defaultValue={value}
      key={value}
      onChange={(e) => setQuery({ [field]: e.currentTarget.value.trim() })}
    />
  );
}

function AllButtons({ of, n }: { of: Parameters<typeof actOnAll>[1]; n: number | null }) {
  const verbs = verbsFor(of.state);
  const confirm = (verb: Verb): void =>
    ask({
      title: t(`all.${verb}`),
      text:
        n === null
          ? t('all.matching', { queue: of.queue })
          : t('all.text', { n: count(n), state: t(`state.${of.state}`), queue: of.queue }),
      button: t(`all.${verb}`),
      danger: verb === 'delete',
      act: () => void actOnAll(verb, of),
    });
  // asynqmon's endpoint cancels all active tasks of the queue, whatever the filter.
  const offered = n === null ? verbs.filter((verb) => verb !== 'cancel') : verbs;
  return (
    <>
      {offered.map((verb) => (
        <Button key={verb} small icon={verbIcon(verb)} onClick={() => confirm(verb)}>
          {t(`all.${verb}`)}
        </Button>
      ))}
    </>
  );
}
