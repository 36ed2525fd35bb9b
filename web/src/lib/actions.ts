// What can be done to tasks and queues, and the words that follow.
import { t, type Key } from '../i18n';
import { ApiError, post, queuePath, remove, segment, taskPath } from './api';
import { actLater, complain, goingKey, say } from './notice';
import { lastAction } from './live';
import type { State } from './types';

export type Verb = 'run' | 'archive' | 'delete' | 'cancel';

const kAllowed: Record<State, Verb[]> = {
  active: ['cancel'],
  pending: ['archive', 'delete'],
  aggregating: ['run', 'archive', 'delete'],
  scheduled: ['run', 'archive', 'delete'],
  retry: ['run', 'archive', 'delete'],
  archived: ['run', 'delete'],
  completed: ['run', 'delete'],
};
export const verbsFor = (state: State): Verb[] => kAllowed[state];

const kDone: Record<Verb, Key> = {
  run: 'done.run',
  archive: 'done.archive',
  delete: 'done.delete',
  cancel: 'done.cancel',
};
const kWaiting: Partial<Record<Verb, Key>> = { archive: 'waiting.archive', delete: 'waiting.delete' };

export interface Target {
  queue: string;
  id: string;
  state: State;
  group?: string;
}

export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 0) return t('error.no_answer');
  if (error.code === 'read_only') return t('error.read_only');
  if (error.code === 'forbidden') return t('error.forbidden');
  return error.message || t('error.status', { status: error.status });
}

// Lists are loaded again after every action, also where the server's own word of it comes late.
function touch(queue: string): void {
  lastAction.set({ user: '', action: '', queue, task_id: '', count: 0 });
}

async function attempt(act: () => Promise<string>, queue: string): Promise<boolean> {
  try {
    say(await act());
    return true;
  } catch (error) {
    complain(explain(error));
    return false;
  } finally {
    touch(queue);
  }
}

export function actOnTask(verb: Verb, { queue, id }: Target, forGood = false): Promise<boolean> {
  return attempt(async () => {
    if (verb === 'delete') await remove(taskPath(queue, id));
    else await post(`${taskPath(queue, id)}:${verb}`, undefined, forGood ? { for_good: 1 } : {});
    return t(kDone[verb], { n: 1 });
  }, queue);
}

// The path of a state's tasks in asynqmon's endpoints.
function statePath(queue: string, state: State, group?: string): string {
  const middle = state === 'aggregating' ? `/groups/${segment(group ?? '')}` : '';
  return `${queuePath(queue)}${middle}/${state}_tasks`;
}

interface BatchAnswer {
  error_ids?: string[] | null;
  failed_ids?: string[] | null;
}

async function sendBatch(verb: Verb, targets: Target[]): Promise<void> {
  const groups = new Map<string, string[]>();
  for (const target of targets) {
    const path = statePath(target.queue, target.state, target.group);
    groups.set(path, [...(groups.get(path) ?? []), target.id]);
  }
  let refused = 0;
  for (const [path, ids] of groups) {
    const answer = await post<BatchAnswer>(`${path}:batch_${verb}`, { task_ids: ids });
    refused += answer.error_ids?.length ?? answer.failed_ids?.length ?? 0;
  }
  if (targets.length > refused) say(t(kDone[verb], { n: targets.length - refused }));
  if (refused > 0) complain(t('error.refused', { n: refused }));
}

// On the tasks chosen in a list. What takes something away waits, so that it can be undone.
export function actOnTasks(verb: Verb, targets: Target[]): void {
  const send = async (): Promise<void> => {
    try {
      await sendBatch(verb, targets);
    } catch (error) {
      complain(explain(error));
    } finally {
      for (const queue of new Set(targets.map((target) => target.queue))) touch(queue);
    }
  };
  const waiting = kWaiting[verb];
  if (!waiting) return void send();
  actLater(
    t(waiting, { n: targets.length }),
    targets.map((target) => goingKey(target.queue, target.id)),
    send,
  );
}

export interface AllOf {
  queue: string;
  state: State;
  group?: string;
  type?: string;
  id?: string;
}

// On all tasks of a state that match.
export function actOnAll(verb: Verb, { queue, state, group, type, id }: AllOf): Promise<boolean> {
  const path = `${statePath(queue, state, group)}:${verb}_all`;
  const filters = { type, id };
  return attempt(async () => {
    type Answer = { deleted?: number; scheduled?: number; archived?: number } | undefined;
    const answer = await (verb === 'delete' ? remove<Answer>(path, filters) : post<Answer>(path, undefined, filters));
    return t(kDone[verb], { n: answer?.deleted ?? answer?.scheduled ?? answer?.archived ?? 0 });
  }, queue);
}

export function pauseQueue(queue: string, pause: boolean): Promise<boolean> {
  return attempt(async () => {
    await post(`${queuePath(queue)}:${pause ? 'pause' : 'resume'}`);
    return t(pause ? 'done.pause' : 'done.resume', { queue });
  }, queue);
}

export function deleteQueue(queue: string, force: boolean): Promise<boolean> {
  return attempt(async () => {
    await remove(queuePath(queue), force ? { force: 1 } : {});
    return t('done.delete_queue', { queue });
  }, queue);
}

export function triggerEntry(id: string): Promise<boolean> {
  return attempt(async () => {
    await post(`scheduler_entries/${segment(id)}:run`);
    return t('done.trigger');
  }, '');
}
