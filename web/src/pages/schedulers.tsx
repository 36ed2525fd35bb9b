// Periodic entries: when they ran and will run, their history, and running them now.
import { useState } from 'preact/hooks';
import { Button, Card, Empty, ExactTime, Failed, Link, Loading, When } from '../components/basics';
import { ask, Dialog } from '../components/dialog';
import { t } from '../i18n';
import { explain, triggerEntry } from '../lib/actions';
import { get, segment } from '../lib/api';
import { count } from '../lib/format';
import { schedulers } from '../lib/live';
import { useData } from '../lib/query';
import { taskLink } from '../lib/router';
import { mayAct } from '../lib/session';
import { useStore } from '../lib/store';
import type { EnqueueEvent, SchedulerEntry } from '../lib/types';

// The queue that an entry's options name, as Asynq prints them: Queue("low").
export function queueOf(entry: SchedulerEntry): string {
  for (const option of entry.options) {
    const quoted = /^Queue\((".*")\)$/.exec(option)?.[1];
    if (quoted === undefined) continue;
    try {
      return String(JSON.parse(quoted));
    } catch {
      return quoted.slice(1, -1);
    }
  }
  return 'default';
}

export function Schedulers() {
  const all = useStore(schedulers);
  const [shown, show] = useState<SchedulerEntry | null>(null);
  if (!all) return <Loading />;
  const run = (entry: SchedulerEntry): void =>
    ask({
      title: t('trigger'),
      text: t('trigger.text', { type: entry.task_type, queue: queueOf(entry) }),
      button: t('trigger'),
      act: () => void triggerEntry(entry.id),
    });
  return (
    <>
      <h1>
        {t('schedulers')} <small>{count(all.length)}</small>
      </h1>
      <Card>
        {all.length === 0 ? (
          <Empty icon="schedulers" title={t('schedulers.none')}>
            <p>{t('schedulers.none_why')}</p>
            <pre class="example">windlass schedule entries.toml</pre>
          </Empty>
        ) : (
          <div class="table-box" tabIndex={0} role="region" aria-label={t('schedulers')}>
            <table>
              <thead>
                <tr>
                  <th>{t('column.entry')}</th>
                  <th>{t('column.spec')}</th>
                  <th class="minor">{t('options')}</th>
                  <th>{t('column.next')}</th>
                  <th class="minor">{t('column.prev')}</th>
                  <th class="actions">
                    <span class="off-screen">{t('column.actions')}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {[...all]
                  .sort((a, b) => a.next_enqueue_at.localeCompare(b.next_enqueue_at))
                  .map((e) => (
                    <tr key={e.id}>
                      <td class="task-cell">
                        <span class="task-type" title={e.task_payload}>
                          {e.task_type || t('no_type')}
                        </span>
                        <span class="task-id" title={e.id}>
                          {e.id}
                        </span>
                      </td>
                      <td>
                        <code>{e.spec}</code>
                      </td>
                      <td class="minor options">
                        {e.options.map((o) => (
                          <code key={o}>{o}</code>
                        ))}
                      </td>
                      <td>
                        <When at={e.next_enqueue_at} />
                      </td>
                      <td class="minor">
                        <When at={e.prev_enqueue_at} dash={t('never')} />
                      </td>
                      <td class="actions">
                        <Button
                          small
                          kind="ghost"
                          icon="history"
                          label={t('history.of', { id: e.id })}
                          onClick={() => show(e)}
                        />
                        {mayAct() && !e.factory && (
                          <Button
                            small
                            kind="ghost"
                            icon="run"
                            label={t('trigger.of', { id: e.id })}
                            onClick={() => run(e)}
                          />
                        )}
                      </td>
                    </tr>
                  ))}
              </tbody>
            </table>
          </div>
        )}
      </Card>
      {shown && <EntryHistory entry={shown} onClose={() => show(null)} />}
    </>
  );
}

function EntryHistory({ entry, onClose }: { entry: SchedulerEntry; onClose: () => void }) {
  const { data, error, loading } = useData(
    () => get<{ events: EnqueueEvent[] }>(`scheduler_entries/${segment(entry.id)}/enqueue_events`, { size: 100 }),
    [entry.id, entry.prev_enqueue_at],
    { onActions: true },
  );
  return (
    <Dialog title={`${t('history')}: ${entry.task_type}`} onClose={onClose} wide>
      {loading && <Loading />}
      {error && <Failed text={explain(error)} />}
      {data?.events.length === 0 && <Empty title={t('history.no_ticks')} />}
      {data && data.events.length > 0 && (
        <div class="table-box" tabIndex={0} role="region" aria-label={t('history')}>
          <table>
            <thead>
              <tr>
                <th>{t('column.tick')}</th>
                <th>{t('column.enqueued')}</th>
                <th>{t('column.task')}</th>
              </tr>
            </thead>
            <tbody>
              {data.events.map((e) => (
                <tr key={`${e.task_id}${e.enqueued_at}`}>
                  <td>
                    <ExactTime at={e.tick} />
                  </td>
                  <td>
                    <When at={e.enqueued_at} />
                  </td>
                  <td>
                    <Link href={taskLink(queueOf(entry), e.task_id)} class="task-id">
                      {e.task_id}
                    </Link>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Dialog>
  );
}
