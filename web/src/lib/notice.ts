// Short messages at the edge of the page, and actions that wait a moment so that they can be undone.
import { settings } from './settings';
import { createStore } from './store';

export interface Notice {
  id: number;
  kind: 'done' | 'failed' | 'waiting';
  text: string;
  undo?: () => void;
}

const kShownMs = { done: 4000, failed: 9000 };
const kNoticesMax = 5;
export const notices = createStore<Notice[]>([]);
// Keys of tasks that an action waits to be done to: lists show them as going.
export const going = createStore<ReadonlySet<string>>(new Set());
export const goingKey = (queue: string, id: string): string => `${queue}\n${id}`;

let lastId = 0;

export function dismiss(id: number): void {
  notices.set(notices.get().filter((n) => n.id !== id));
}

function show(kind: Notice['kind'], text: string, undo?: () => void): number {
  const id = ++lastId;
  // Those that wait stay, however many there are: they hold the undo.
  const recent = notices.get().slice(-kNoticesMax + 1);
  const kept = notices.get().filter((n) => n.kind === 'waiting' || recent.includes(n));
  notices.set([...kept, { id, kind, text, undo }]);
  if (kind !== 'waiting') window.setTimeout(() => dismiss(id), kShownMs[kind]);
  return id;
}

export const say = (text: string): number => show('done', text);
export const complain = (text: string): number => show('failed', text);

function askBeforeLeaving(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

let waiting = 0;
function countWaiting(step: number): void {
  waiting += step;
  if (waiting === 1 && step > 0) window.addEventListener('beforeunload', askBeforeLeaving);
  if (waiting === 0) window.removeEventListener('beforeunload', askBeforeLeaving);
}

// Runs `act` after some seconds, unless "Undo" is pressed before: until then nothing is sent. `keys`: the tasks meant.
export function actLater(text: string, keys: string[], act: () => Promise<void>): void {
  const mark = (): void => going.set(new Set([...going.get(), ...keys]));
  const clear = (): void => {
    const left = new Set(going.get());
    for (const key of keys) left.delete(key);
    going.set(left);
  };
  mark();
  countWaiting(1);
  const timer = window.setTimeout(() => {
    dismiss(id);
    void act().finally(() => {
      countWaiting(-1);
      clear();
    });
  }, settings.get().undoSeconds * 1000);
  const id = show('waiting', text, () => {
    window.clearTimeout(timer);
    dismiss(id);
    countWaiting(-1);
    clear();
  });
}
