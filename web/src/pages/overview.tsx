// The first page: how is it going, and what failed.
import { Card, Empty, Failed, Link, Loading, When } from '../components/basics';
import { History } from '../components/history';
import { FailureCell, verbIcon, verbName } from '../components/task-table';
import { Button } from '../components/basics';
import { t } from '../i18n';
import { actOnTask, explain } from '../lib/actions';
import { get, queuePath } from '../lib/api';
import { failureSources, sortFailures } from '../lib/failures';
import { count, duration, percent, shortCount } from '../lib/format';
import { queues, servers } from '../lib/live';
import { useData } from '../lib/query';
import { link, queueLink, taskLink } from '../lib/router';
import { info, mayAct } from '../lib/session';
import { useStore } from '../lib/store';
import type { Queue, State, Task, TaskPage } from '../lib/types';

const kFailures = 6;

function sum(all: Iterable<Queue>, pick: (q: Queue) => number): number {
  let total = 0;
  for (const queue of all) total += pick(queue);
  return total;
}

export function Overview() {
  const known = useStore(queues);
  const about = useStore(info);
  if (!known) return <Loading />;
  return (
    <>
      <h1>{t('overview')}</h1>
      {known.size === 0 ? <Welcome /> : <Tiles all={[...known.values()]} />}
      {about?.features.history !== false && known.size > 0 && <History />}
      <div class="columns">
        <Failures all={[...known.values()]} />
        <Busiest all={[...known.values()]} />
      </div>
    </>
  );
}

function Tile({
  label,
  value,
  note,
  href,
  tone,
}: {
  label: string;
  value: string;
  note?: string;
  href: string;
  tone?: string;
}) {
  return (
    <Link href={href} class={`tile ${tone ?? ''}`}>
      <span class="tile-label">{label}</span>
      <span class="tile-value">{value}</span>
      <span class="tile-note">{note}</span>
    </Link>
  );
}

function Tiles({ all }: { all: Queue[] }) {
  const machines = useStore(servers) ?? [];
  const n = (pick: (q: Queue) => number): number => sum(all, pick);
  const processed = n((q) => q.processed);
  const failed = n((q) => q.failed);
  const slots = machines.reduce((total, s) => total + s.concurrency, 0);
  const search = (state: State): string => link(['search'], { state });
  const oldest = all.reduce((most, q) => Math.max(most, q.latency_msec), 0);
  const archived = n((q) => q.archived);
  const retry = n((q) => q.retry);
  return (
    <div class="tiles">
      <Tile
        label={t('state.active')}
        value={shortCount(n((q) => q.active))}
        href={search('active')}
        tone="active"
        note={t('tile.slots', { n: slots, servers: machines.length })}
      />
      <Tile
        label={t('state.pending')}
        value={shortCount(n((q) => q.pending))}
        href={search('pending')}
        tone="pending"
        note={oldest > 0 ? t('tile.oldest', { time: duration(oldest) }) : t('tile.none_waits')}
      />
      <Tile
        label={t('state.scheduled')}
        value={shortCount(n((q) => q.scheduled))}
        href={search('scheduled')}
        tone="scheduled"
        note={t('tile.scheduled')}
      />
      <Tile
        label={t('state.retry')}
        value={shortCount(retry)}
        href={search('retry')}
        tone={retry > 0 ? 'retry' : ''}
        note={t('tile.retry')}
      />
      <Tile
        label={t('state.archived')}
        value={shortCount(archived)}
        href={search('archived')}
        tone={archived > 0 ? 'archived' : ''}
        note={t('tile.archived')}
      />
      <Tile
        label={t('tile.today')}
        value={shortCount(processed)}
        href={link(['queues'])}
        note={t('tile.failed', { n: count(failed), percent: percent(failed, processed) })}
      />
    </div>
  );
}

// Failed tasks of all queues: those that will not run again by themselves first.
function Failures({ all }: { all: Queue[] }) {
  const sources = failureSources(all, kFailures);
  const { data, error, loading, reload } = useData(
    async () => {
      const lists = await Promise.all(
        sources.map(({ queue, state }) => get<TaskPage>(`${queuePath(queue)}/${state}_tasks`, { size: kFailures })),
      );
      return sortFailures(
        lists.flatMap((list) => list.tasks),
        kFailures,
      );
    },
    [sources],
    { onActions: true, keep: true },
  );
  return (
    <Card
      title={t('failures')}
      tools={<Link href={link(['search'], { state: 'archived' })}>{t('see_all')}</Link>}
      name="failures"
    >
      {loading && <Loading />}
      {error && <Failed text={explain(error)} retry={reload} />}
      {data?.length === 0 && (
        <Empty icon="check" title={t('failures.none')}>
          {t('failures.none_why')}
        </Empty>
      )}
      {data && data.length > 0 && (
        <ul class="failure-list">
          {data.map((task) => (
            <FailureRow key={`${task.queue}/${task.id}`} task={task} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function FailureRow({ task }: { task: Task }) {
  return (
    <li>
      <div class="failure-main">
        <div class="failure-top">
          <Link href={taskLink(task.queue, task.id)} class="task-type">
            {task.type || t('no_type')}
          </Link>
          <span class="muted">
            {t('in_queue')} <Link href={queueLink(task.queue, task.state)}>{task.queue}</Link>
          </span>
          <span class="muted">
            <When at={task.last_failed_at} />
          </span>
        </div>
        <FailureCell task={task} />
      </div>
      <span class="muted failure-state">
        {task.state === 'retry' ? (
          <>
            {t('next_try')} <When at={task.next_process_at} />
          </>
        ) : (
          t('state.archived')
        )}
      </span>
      {mayAct() && (
        <Button small icon={verbIcon('run')} onClick={() => void actOnTask('run', task)}>
          {verbName('run', task.state)}
        </Button>
      )}
    </li>
  );
}

function Busiest({ all }: { all: Queue[] }) {
  const top = [...all]
    .sort((a, b) => b.pending + b.active + b.retry - (a.pending + a.active + a.retry) || a.queue.localeCompare(b.queue))
    .slice(0, 8);
  return (
    <Card title={t('queues')} tools={<Link href={link(['queues'])}>{t('see_all')}</Link>} name="busiest">
      {top.length === 0 && <Empty title={t('queues.none')} />}
      {top.length > 0 && (
        <div class="table-box" tabIndex={0} role="region" aria-label={t('queues')}>
          <table>
            <thead>
              <tr>
                <th>{t('column.queue')}</th>
                <th class="number">{t('state.active')}</th>
                <th class="number">{t('state.pending')}</th>
                <th class="number">{t('state.retry')}</th>
                <th class="number">{t('state.archived')}</th>
              </tr>
            </thead>
            <tbody>
              {top.map((q) => (
                <tr key={q.queue}>
                  <td>
                    <Link href={queueLink(q.queue)} class="clip">
                      {q.queue}
                    </Link>
                    {q.paused && <span class="badge warn">{t('paused')}</span>}
                  </td>
                  {(['active', 'pending', 'retry', 'archived'] as const).map((s) => (
                    <td key={s} class="number">
                      {q[s] === 0 ? (
                        <span class="zero">0</span>
                      ) : (
                        <Link href={queueLink(q.queue, s)}>{shortCount(q[s])}</Link>
                      )}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

function Welcome() {
  return (
    <Card>
      <Empty icon="queues" title={t('welcome')}>
        <p>{t('welcome.how')}</p>
        <pre class="example">
          windlass work --exec 'hello=cat'{'\n'}windlass enqueue hello '{'{"a":1}'}'
        </pre>
        {mayAct() && (
          <p>
            <Link href={link(['enqueue'])}>{t('enqueue')}</Link>
          </p>
        )}
      </Empty>
    </Card>
  );
}
