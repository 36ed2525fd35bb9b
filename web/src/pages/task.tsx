// One task: what it is, how its life went, why it failed, and what can be done.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import {
  Bar,
  Button,
  Card,
  Copy,
  Elapsed,
  Empty,
  ExactTime,
  Failed,
  Link,
  Loading,
  StateBadge,
  When,
} from '../components/basics';
import { ask } from '../components/dialog';
import { EditPayload } from '../components/edit-payload';
import { PayloadView } from '../components/payload';
import { verbIcon, verbName } from '../components/task-table';
import { Timeline } from '../components/timeline';
import { named, t, type Key } from '../i18n';
import { actOnTask, actOnTasks, explain, verbsFor, type Verb } from '../lib/actions';
import { apiUrl, get, taskPath } from '../lib/api';
import { duration } from '../lib/format';
import { useKeys } from '../lib/keys';
import { going, goingKey } from '../lib/notice';
import { useData } from '../lib/query';
import { link, queueLink } from '../lib/router';
import { mayAct } from '../lib/session';
import { settings } from '../lib/settings';
import { useStore } from '../lib/store';
import type { State, TaskDetail } from '../lib/types';

const kMovingStates: State[] = ['active', 'pending'];

export function TaskPage({ queue, id }: { queue: string; id: string }) {
  const { pollSeconds } = useStore(settings);
  const [state, setState] = useState<State | null>(null);
  const moving = state !== null && kMovingStates.includes(state);
  const {
    data: task,
    error,
    loading,
    reload,
  } = useData(
    async () => {
      const found = await get<TaskDetail>(taskPath(queue, id), { full: 1 });
      setState(found.state);
      return found;
    },
    [queue, id],
    { everySeconds: moving ? Math.min(pollSeconds, 2) : pollSeconds, onActions: true },
  );
  return (
    <>
      <nav class="crumbs" aria-label={t('crumbs')}>
        <Link href={link(['queues'])}>{t('queues')}</Link> <span aria-hidden="true">/</span>{' '}
        <Link href={queueLink(queue, task?.state ?? '')}>{queue}</Link> <span aria-hidden="true">/</span>
      </nav>
      {loading && <Loading />}
      {error?.status === 404 ? (
        <Empty icon="search" title={t('task.gone')} page>
          <p>{t('task.gone_why')}</p>
          <Link href={queueLink(queue)}>{queue}</Link>
        </Empty>
      ) : (
        error && <Failed text={explain(error)} retry={reload} />
      )}
      {task && error?.status !== 404 && <Found task={task} />}
    </>
  );
}

function Found({ task }: { task: TaskDetail }) {
  return (
    <>
      <Head task={task} />
      {task.failure && <FailureCard task={task} />}
      {task.state === 'active' && <Running task={task} />}
      <div class="columns task-columns">
        <div class="stack">
          <Card title={t('payload')} tools={<PayloadTools task={task} />}>
            <PayloadView
              text={task.payload}
              base64={task.payload_base64}
              size={task.payload_size}
              truncated={task.payload_truncated}
              rawUrl={apiUrl(`${taskPath(task.queue, task.id)}/payload`)}
              label={t('payload')}
            />
          </Card>
          {task.result_size > 0 && (
            <Card title={t('result')}>
              <PayloadView
                text={task.result}
                base64={task.result_base64}
                size={task.result_size}
                truncated={task.result_truncated ?? false}
                rawUrl={apiUrl(`${taskPath(task.queue, task.id)}/result`)}
                label={t('result')}
              />
            </Card>
          )}
          <Facts task={task} />
        </div>
        <Card title={t('timeline')}>
          <Timeline task={task} />
        </Card>
      </div>
    </>
  );
}

function Head({ task }: { task: TaskDetail }) {
  const leaving = useStore(going).has(goingKey(task.queue, task.id));
  const verbs = mayAct() && !leaving ? verbsFor(task.state) : [];
  const run = (verb: Verb): void => {
    if (verb === 'run' || verb === 'cancel') void actOnTask(verb, task);
    else actOnTasks(verb, [task]);
  };
  useKeys(Object.fromEntries(verbs.map((verb) => [kKeys[verb], () => run(verb)])));
  const forGood = (): void =>
    ask({
      title: t('cancel_for_good'),
      text: t('cancel_for_good.text'),
      button: t('cancel_for_good'),
      danger: true,
      act: () => void actOnTask('cancel', task, true),
    });
  return (
    <>
      <div class="page-head">
        <h1 class="clip" title={task.type}>
          {task.type || t('no_type')}
        </h1>
        <StateBadge state={task.state} />
        {task.orphaned && (
          <span class="badge warn" title={t('orphaned.why')}>
            {t('orphaned')}
          </span>
        )}
        <span class="grow" />
        {verbs.map((verb) => (
          <Button
            key={verb}
            icon={verb === 'run' && task.state !== 'scheduled' ? 'again' : verbIcon(verb)}
            kind={verb === 'run' ? 'primary' : 'plain'}
            onClick={() => run(verb)}
          >
            {verbName(verb, task.state)}
          </Button>
        ))}
        {verbs.includes('cancel') && <Button onClick={forGood}>{t('cancel_for_good')}</Button>}
        {mayAct() && (
          <Link class="button plain" href={link(['enqueue'], { queue: task.queue, copy: task.id })}>
            {t('enqueue_copy')}
          </Link>
        )}
      </div>
      <p class="id-line">
        <code>{task.id}</code>
        <Copy text={task.id} label={t('copy_id')} />
      </p>
    </>
  );
}

const kKeys: Record<Verb, string> = { run: 'R', archive: 'A', delete: 'D', cancel: 'C' };

// Why it failed, in words: "ended by signal 11 (SIGSEGV)".
function failureTitle(task: TaskDetail): string {
  const f = task.failure;
  if (!f) return '';
  const kind = named('failure', f.kind || 'error');
  if (f.signal)
    return `${kind}: ${t('failure.by_signal', { signal: f.signal_name ? `${f.signal_name} (${f.signal})` : f.signal })}`;
  if (f.exit_code) return `${kind} ${f.exit_code}`;
  return kind;
}

function FailureCard({ task }: { task: TaskDetail }) {
  const f = task.failure;
  if (!f) return null;
  const past = task.state === 'completed' || task.state === 'active' || task.state === 'pending';
  const next =
    task.state === 'retry' ? (
      <>
        {t('next_try')} <When at={task.next_process_at} />,{' '}
        {t('tries_used', { retried: task.retried, max: task.max_retry })}
      </>
    ) : task.state === 'archived' ? (
      t('failure.for_good', { retried: task.retried, max: task.max_retry })
    ) : null;
  return (
    <section class={`card failure-card ${past ? 'past' : ''}`} aria-label={t('failure')}>
      <header class="card-head">
        <h2>
          {past ? t('failure.last') : t('failure')}: {failureTitle(task)}
        </h2>
        <span class="muted">
          <When at={task.last_failed_at} dash="" />
        </span>
      </header>
      <p class="failure-message">{f.message}</p>
      {next && <p class="muted">{next}</p>}
      {task.crashes > 0 && <p class="muted">{t('crashes', { n: task.crashes })}</p>}
      {f.detail && (
        <details open={f.detail.length < 6000}>
          <summary>{t('failure.detail')}</summary>
          <pre class="detail" tabIndex={0}>
            {f.detail}
          </pre>
        </details>
      )}
    </section>
  );
}

function Running({ task }: { task: TaskDetail }) {
  return (
    <Card
      title={
        <>
          {t('running_for')} <Elapsed since={task.started_at} />
        </>
      }
      tools={task.owner ? <span class="muted clip">{task.owner}</span> : undefined}
    >
      {task.progress ? (
        <div class="big-progress">
          <Bar percent={task.progress.percent} label={t('progress')} />
          <span>
            {Math.round(task.progress.percent)}% {task.progress.text}
          </span>
        </div>
      ) : (
        <p class="muted card-pad">{t('no_progress')}</p>
      )}
    </Card>
  );
}

function PayloadTools({ task }: { task: TaskDetail }) {
  const [editing, setEditing] = useState(false);
  if (task.state !== 'scheduled' || !mayAct()) return null;
  return (
    <>
      <Button small icon="edit" onClick={() => setEditing(true)}>
        {t('edit')}
      </Button>
      {editing && <EditPayload task={task} onClose={() => setEditing(false)} />}
    </>
  );
}

function Facts({ task }: { task: TaskDetail }) {
  const seconds = (n: number): string => (n > 0 ? duration(n * 1000) : t('none'));
  const rows: [Key, ComponentChildren][] = [
    ['column.tries', t('tries_used', { retried: task.retried, max: task.max_retry })],
    ['fact.timeout', seconds(task.timeout_seconds)],
    ['fact.retention', seconds(task.retention_seconds)],
  ];
  const times: [Key, string | undefined][] = [
    ['column.enqueued', task.enqueued_at],
    ['fact.scheduled_at', task.scheduled_at],
    ['fact.next', task.next_process_at],
    ['column.deadline', task.deadline],
    ['fact.expires', task.expires_at],
    ['column.completed', task.completed_at],
    ['fact.deleted', task.delete_at],
  ];
  for (const [name, at] of times) if (at && at !== '-') rows.push([name, <ExactTime at={at} />]);
  if (task.group) rows.push(['column.group', task.group]);
  if (task.unique_key) rows.push(['fact.unique', <code class="clip">{task.unique_key}</code>]);
  const headers = Object.entries(task.headers ?? {});
  return (
    <Card title={t('details')}>
      <dl class="list">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{t(name)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {headers.map(([name, value]) => (
          <div key={`header ${name}`}>
            <dt>
              {t('header')} <code>{name}</code>
            </dt>
            <dd>
              <code>{value}</code>
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
