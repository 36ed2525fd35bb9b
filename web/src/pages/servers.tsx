// Servers and what their workers are doing, live.
import { Bar, Card, Elapsed, Empty, Link, Loading, When } from '../components/basics';
import { t, type Key } from '../i18n';
import { count } from '../lib/format';
import { servers } from '../lib/live';
import { queueLink, taskLink } from '../lib/router';
import { useStore } from '../lib/store';
import type { Server, Worker } from '../lib/types';

export function Servers() {
  const all = useStore(servers);
  if (!all) return <Loading />;
  const busy = all.reduce((n, s) => n + s.active_workers.length, 0);
  const slots = all.reduce((n, s) => n + s.concurrency, 0);
  return (
    <>
      <div class="page-head">
        <h1>
          {t('servers')} <small>{count(all.length)}</small>
        </h1>
        <span class="muted">{t('servers.busy', { busy: count(busy), slots: count(slots) })}</span>
      </div>
      {all.length === 0 && (
        <Card>
          <Empty icon="servers" title={t('servers.none')}>
            <p>{t('servers.none_why')}</p>
            <pre class="example">windlass work --exec 'TYPE=COMMAND'</pre>
          </Empty>
        </Card>
      )}
      {[...all]
        .sort((a, b) => a.host.localeCompare(b.host) || a.pid - b.pid)
        .map((s) => (
          <ServerCard key={s.id} s={s} />
        ))}
    </>
  );
}

function ServerCard({ s }: { s: Server }) {
  const share = s.concurrency > 0 ? (s.active_workers.length / s.concurrency) * 100 : 0;
  const known: Record<string, Key> = { active: 'server.active', stopped: 'server.stopped', closed: 'server.closed' };
  const status = known[s.status];
  return (
    <Card
      title={
        <>
          <span class="clip" title={s.id}>
            {s.host}:{s.pid}
          </span>{' '}
          <span class={`badge ${s.status === 'active' ? 'good' : 'warn'}`}>{status ? t(status) : s.status}</span>
        </>
      }
      tools={
        <span class="muted">
          {t('server.since')} <When at={s.start_time} />
        </span>
      }
      name="server"
    >
      <div class="server-facts">
        <div class="slots">
          <span>{t('server.slots', { busy: s.active_workers.length, slots: s.concurrency })}</span>
          <Bar percent={share} label={t('server.slots', { busy: s.active_workers.length, slots: s.concurrency })} />
        </div>
        <ul class="priorities" aria-label={t('server.queues')}>
          {Object.entries(s.queue_priorities)
            .sort((a, b) => b[1] - a[1])
            .map(([queue, priority]) => (
              <li key={queue}>
                <Link href={queueLink(queue)}>{queue}</Link> <b>{priority}</b>
              </li>
            ))}
        </ul>
        <span class="muted">{t(s.strict_priority_enabled ? 'server.strict' : 'server.weighted')}</span>
      </div>
      {s.active_workers.length > 0 && <Workers all={s.active_workers} />}
    </Card>
  );
}

const kWorkersMax = 100;

function Workers({ all }: { all: Worker[] }) {
  const shown = [...all].sort((a, b) => a.start_time.localeCompare(b.start_time)).slice(0, kWorkersMax);
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label={t('workers')}>
      <table>
        <thead>
          <tr>
            <th>{t('column.task')}</th>
            <th class="minor">{t('column.queue')}</th>
            <th>{t('column.progress')}</th>
            <th class="number">{t('column.running')}</th>
            <th class="minor">{t('column.deadline')}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((w) => (
            <tr key={`${w.queue}/${w.task_id}`}>
              <td class="task-cell">
                <Link href={taskLink(w.queue, w.task_id)} class="task-type">
                  {w.task_type || t('no_type')}
                </Link>
                <span class="task-id">{w.task_id}</span>
              </td>
              <td class="minor">
                <Link href={queueLink(w.queue, 'active')}>{w.queue}</Link>
              </td>
              <td>
                {w.overrun && (
                  <span class="badge warn" title={t('overrun.why')}>
                    {t('overrun')}
                  </span>
                )}
                {w.progress ? (
                  <div class="progress-cell">
                    <Bar percent={w.progress.percent} label={t('progress')} />
                    <span class="muted">
                      {Math.round(w.progress.percent)}% {w.progress.text}
                    </span>
                  </div>
                ) : (
                  !w.overrun && <span class="muted">{t('running')}</span>
                )}
              </td>
              <td class="number">
                <Elapsed since={w.start_time} />
              </td>
              <td class="minor">
                <When at={w.deadline} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {all.length > kWorkersMax && (
        <p class="muted card-pad">{t('workers.more', { n: count(all.length - kWorkersMax) })}</p>
      )}
    </div>
  );
}
