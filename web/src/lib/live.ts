// What the server pushes: queues, servers, schedulers, whether the broker can be reached, and what others do.
import { apiUrl, loadSession, sessionEnded } from './api';
import { createStore } from './store';
import type { Queue, SchedulerEntry, Server } from './types';

export interface Connection {
  server: 'connecting' | 'open' | 'lost';
  broker: boolean;
  message: string; // why the broker is away
}

export interface Action {
  user: string;
  action: string;
  queue: string;
  task_id: string;
  count: number;
}

export const connection = createStore<Connection>({ server: 'connecting', broker: true, message: '' });
export const queues = createStore<ReadonlyMap<string, Queue> | null>(null); // null: not known yet
export const servers = createStore<Server[] | null>(null);
export const schedulers = createStore<SchedulerEntry[] | null>(null);
export const lastAction = createStore<Action | null>(null);
// Counts up whenever the server or the broker has come back: what is shown may be old.
export const generation = createStore(0);

export interface QueuesEvent {
  full: boolean;
  queues: Queue[];
  removed: string[];
}

export function mergeQueues(known: ReadonlyMap<string, Queue> | null, event: QueuesEvent): Map<string, Queue> {
  const next = new Map(event.full ? [] : (known ?? []));
  for (const queue of event.queues) next.set(queue.queue, queue);
  for (const name of event.removed ?? []) next.delete(name);
  return next;
}

const kReconnectMs = 2000;
let source: EventSource | null = null;
let timer = 0;
let broken = false;

function change(part: Partial<Connection>): void {
  connection.set({ ...connection.get(), ...part });
}

function on<T>(name: string, handle: (data: T) => void): void {
  source?.addEventListener(name, (event) => handle(JSON.parse((event as MessageEvent<string>).data) as T));
}

function recovered(): void {
  if (!broken) return;
  broken = false;
  generation.set(generation.get() + 1);
}

async function reopen(): Promise<void> {
  try {
    if ((await loadSession()).authenticated) openStream();
  } catch {
    timer = window.setTimeout(() => void reopen(), kReconnectMs);
  }
}

// Opens the stream, and again whenever it breaks, until closeStream().
export function openStream(): void {
  closeStream();
  source = new EventSource(apiUrl('events'));
  source.onerror = () => {
    broken = true;
    change({ server: 'lost' });
    // The browser tries again by itself only where the connection broke, not where it was refused.
    source?.close();
    source = null;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void reopen(), kReconnectMs);
  };
  on('hello', () => change({ server: 'open' }));
  on<{ available: boolean; message: string }>('broker', (data) => {
    change({ server: 'open', broker: data.available, message: data.message });
    if (data.available) recovered();
    else broken = true;
  });
  on<QueuesEvent>('queues', (data) => queues.set(mergeQueues(queues.get(), data)));
  on<{ servers: Server[] }>('servers', (data) => servers.set(data.servers));
  on<{ entries: SchedulerEntry[] }>('schedulers', (data) => schedulers.set(data.entries));
  on<Action>('action', (data) => lastAction.set(data));
  on<{ reason: string }>('session', (data) => {
    if (data.reason !== 'shutdown') {
      closeStream();
      sessionEnded();
    }
  });
}

export function closeStream(): void {
  window.clearTimeout(timer);
  source?.close();
  source = null;
}
