// Tasks in rows, with what matters in their state, a choice of rows, and actions on one or on the chosen.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { named, t, type Key } from '../i18n';
import { actOnTask, actOnTasks, verbsFor, type Verb } from '../lib/actions';
import { duration } from '../lib/format';
import { useKeys } from '../lib/keys';
import { going, goingKey } from '../lib/notice';
import { go, queueLink, taskLink } from '../lib/router';
import { mayAct } from '../lib/session';
import { useStore } from '../lib/store';
import type { State, Task } from '../lib/types';
import { Bar, Button, Elapsed, Link, StateBadge, When } from './basics';
import type { IconName } from './icon';
import { PayloadSnippet } from './payload';

interface Column {
  name: Key;
  minor?: boolean; // left out on narrow screens
  number?: boolean;
  wide?: boolean; // takes what the others leave, and cuts what does not fit
  cell: (task: Task) => ComponentChildren;
}

const classOf = (c: Column): string =>
  ['minor', 'number', 'wide'].filter((name) => c[name as 'minor' | 'number' | 'wide']).join(' ');

export function FailureCell({ task }: { task: Task }) {
  return (
    <div class="failure-cell" title={task.error_message}>
      {task.failure_kind && <span class={`kind kind-${task.failure_kind}`}>{named('failure', task.failure_kind)}</span>}
      <span class="clip">{task.error_message}</span>
    </div>
  );
}

const tries: Column = {
  name: 'column.tries',
  minor: true,
  number: true,
  cell: (task) => `${task.retried}/${task.max_retry}`,
};
const enqueued: Column = { name: 'column.enqueued', minor: true, cell: (task) => <When at={task.enqueued_at} /> };
const payload: Column = {
  name: 'column.payload',
  minor: true,
  wide: true,
  cell: (task) => <PayloadSnippet task={task} />,
};
const error: Column = { name: 'column.error', wide: true, cell: (task) => <FailureCell task={task} /> };

function runStatus(task: Task): ComponentChildren {
  if (task.is_orphaned)
    return (
      <span class="badge warn" title={t('orphaned.why')}>
        {t('orphaned')}
      </span>
    );
  if (task.overrun)
    return (
      <span class="badge warn" title={t('overrun.why')}>
        {t('overrun')}
      </span>
    );
  if (!task.progress) return <span class="muted">{t('running')}</span>;
  return (
    <div class="progress-cell">
      <Bar percent={task.progress.percent} label={t('progress')} />
      <span class="muted">
        {Math.round(task.progress.percent)}% {task.progress.text}
      </span>
    </div>
  );
}

const kColumns: Record<State, Column[]> = {
  active: [
    payload,
    { name: 'column.progress', cell: runStatus },
    { name: 'column.running', number: true, cell: (task) => <Elapsed since={task.start_time} /> },
    { name: 'column.deadline', minor: true, cell: (task) => <When at={task.deadline} /> },
  ],
  pending: [payload, tries, enqueued],
  aggregating: [{ name: 'column.group', cell: (task) => task.group }, payload, enqueued],
  scheduled: [payload, tries, { name: 'column.runs', cell: (task) => <When at={task.next_process_at} /> }],
  retry: [error, tries, { name: 'column.next_try', cell: (task) => <When at={task.next_process_at} /> }],
  archived: [error, tries, { name: 'column.failed_at', cell: (task) => <When at={task.last_failed_at} /> }],
  completed: [
    payload,
    { name: 'column.result', wide: true, cell: (task) => <code class="snippet">{task.result}</code> },
    { name: 'column.completed', cell: (task) => <When at={task.completed_at} /> },
    {
      name: 'column.kept',
      minor: true,
      number: true,
      cell: (task) => (task.ttl_seconds ? duration(task.ttl_seconds * 1000) : '–'),
    },
  ],
};

const kMixed: Column[] = [
  { name: 'column.state', cell: (task) => <StateBadge state={task.state} /> },
  { name: 'column.queue', cell: (task) => <Link href={queueLink(task.queue, task.state)}>{task.queue}</Link> },
  {
    name: 'column.detail',
    wide: true,
    cell: (task) => (task.error_message ? <FailureCell task={task} /> : <PayloadSnippet task={task} />),
  },
  tries,
  enqueued,
];

const kIcons: Record<Verb, IconName> = { run: 'run', archive: 'archive', delete: 'delete', cancel: 'cancel' };
export const verbIcon = (verb: Verb): IconName => kIcons[verb];
export const verbName = (verb: Verb, state?: State): string =>
  t(verb === 'run' && (state === 'archived' || state === 'completed') ? 'verb.again' : `verb.${verb}`);

function act(verb: Verb, tasks: Task[]): void {
  const only = tasks.length === 1 ? tasks[0] : undefined;
  if (only && (verb === 'run' || verb === 'cancel')) void actOnTask(verb, only);
  else actOnTasks(verb, tasks);
}

// `state` is that of all tasks; without it they are of several queues and states.
export function TaskTable({ tasks, state }: { tasks: Task[]; state?: State }) {
  const columns = state ? kColumns[state] : kMixed;
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState(-1);
  const body = useRef<HTMLTableSectionElement>(null);
  const leaving = useStore(going);
  const key = (task: Task): string => goingKey(task.queue, task.id);
  const picked = tasks.filter((task) => chosen.has(key(task)));
  const acting = mayAct();

  const toggle = (task: Task): void => {
    const next = new Set(chosen);
    if (!next.delete(key(task))) next.add(key(task));
    choose(next);
  };
  const move = (step: number): void => setAt((old) => Math.max(0, Math.min(tasks.length - 1, old + step)));
  useEffect(() => body.current?.querySelector('tr.at')?.scrollIntoView({ block: 'nearest' }), [at]);
  const here = tasks[at];
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ...(here ? { Enter: () => go(taskLink(here.queue, here.id)) } : {}),
    ...(here && acting ? { x: () => toggle(here) } : {}),
  });

  return (
    <>
      {picked.length > 0 && <Chosen tasks={picked} clear={() => choose(new Set())} />}
      <div class="table-box" tabIndex={0} role="region" aria-label={t('tasks')}>
        <table class="tasks">
          <thead>
            <tr>
              {acting && (
                <th class="check">
                  <input
                    type="checkbox"
                    aria-label={t('choose_all')}
                    checked={picked.length === tasks.length}
                    onChange={() => choose(picked.length === tasks.length ? new Set() : new Set(tasks.map(key)))}
                  />
                </th>
              )}
              <th>{t('column.task')}</th>
              {columns.map((c) => (
                <th key={c.name} class={classOf(c)}>
                  {t(c.name)}
                </th>
              ))}
              {acting && (
                <th class="actions">
                  <span class="off-screen">{t('column.actions')}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody ref={body}>
            {tasks.map((task, i) => (
              <tr key={key(task)} class={`${i === at ? 'at' : ''} ${leaving.has(key(task)) ? 'leaving' : ''}`}>
                {acting && (
                  <td class="check">
                    <input
                      type="checkbox"
                      aria-label={t('choose', { id: task.id })}
                      checked={chosen.has(key(task))}
                      onChange={() => toggle(task)}
                    />
                  </td>
                )}
                <td class="task-cell">
                  <Link href={taskLink(task.queue, task.id)} class="task-type" title={task.type}>
                    {task.type || t('no_type')}
                  </Link>
                  <span class="task-id" title={task.id}>
                    {task.id}
                  </span>
                </td>
                {columns.map((c) => (
                  <td key={c.name} class={classOf(c)}>
                    {c.cell(task)}
                  </td>
                ))}
                {acting && (
                  <td class="actions">
                    {verbsFor(task.state).map((verb) => (
                      <Button
                        key={verb}
                        small
                        kind="ghost"
                        icon={verbIcon(verb)}
                        label={verbName(verb, task.state)}
                        onClick={() => act(verb, [task])}
                      />
                    ))}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Chosen({ tasks, clear }: { tasks: Task[]; clear: () => void }) {
  const verbs = (['run', 'archive', 'delete', 'cancel'] as const).filter((verb) =>
    tasks.every((task) => verbsFor(task.state).includes(verb)),
  );
  return (
    <div class="chosen" role="toolbar" aria-label={t('chosen', { n: tasks.length })}>
      <b>{t('chosen', { n: tasks.length })}</b>
      {verbs.map((verb) => (
        <Button
          key={verb}
          small
          icon={verbIcon(verb)}
          kind={verb === 'delete' ? 'danger' : 'plain'}
          onClick={() => {
            act(verb, tasks);
            clear();
          }}
        >
          {verbName(verb)}
        </Button>
      ))}
      <span class="grow" />
      <Button small kind="ghost" onClick={clear}>
        {t('choose_none')}
      </Button>
    </div>
  );
}
