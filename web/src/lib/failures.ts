// Which lists to read for the failed tasks of all queues: those that have some, and no more than a page of tasks.
import type { Queue, Task } from './types';

export interface Source {
  queue: string;
  state: 'archived' | 'retry';
  count: number;
}

export function failureSources(all: Iterable<Queue>, size: number): Source[] {
  const queues = [...all];
  const sources: Source[] = [];
  for (const state of ['archived', 'retry'] as const) {
    const some = queues
      .filter((q) => q[state] > 0)
      .sort((a, b) => b[state] - a[state] || a.queue.localeCompare(b.queue));
    for (const q of some) {
      sources.push({ queue: q.queue, state, count: q[state] });
    }
  }
  return sources.slice(0, size);
}

// Those that will not run again by themselves first, then the latest.
export function sortFailures(tasks: Task[], size: number): Task[] {
  const order = (a: Task, b: Task): number =>
    a.state.localeCompare(b.state) || (b.last_failed_at ?? '').localeCompare(a.last_failed_at ?? '');
  return [...tasks].sort(order).slice(0, size);
}
