// Walking through a list page by page, by cursor: page n is reached through those before it.
import { useState } from 'preact/hooks';

export interface Pager {
  cursor: string;
  index: number; // 0: the first page
  forward: (next: string) => void;
  back: () => void;
  first: () => void;
}

export function usePager(keys: unknown[]): Pager {
  const key = JSON.stringify(keys);
  const [state, setState] = useState({ key, cursors: [''] });
  const cursors = state.key === key ? state.cursors : [''];
  const set = (next: string[]): void => setState({ key, cursors: next });
  return {
    cursor: cursors.at(-1) ?? '',
    index: cursors.length - 1,
    forward: (next) => set([...cursors, next]),
    back: () => set(cursors.length > 1 ? cursors.slice(0, -1) : cursors),
    first: () => set(['']),
  };
}
