// Pages by path, below the root. Names in a path are one encoded segment each.
import { segment } from './api';
import { root } from './root';
import { createStore } from './store';

export interface Place {
  segments: string[]; // decoded
  query: URLSearchParams;
}

export function parsePlace(path: string, search: string, base: string): Place {
  const below = path.startsWith(base) ? path.slice(base.length) : path.replace(/^\//, '');
  const segments = below
    .split('/')
    .filter(Boolean)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
  return { segments, query: new URLSearchParams(search) };
}

const here = (): Place => parsePlace(window.location.pathname, window.location.search, root);

export const place = createStore<Place>(here());
window.addEventListener('popstate', () => place.set(here()));

export function go(href: string, replace = false): void {
  if (replace) window.history.replaceState(null, '', href);
  else window.history.pushState(null, '', href);
  place.set(here());
  if (!replace) window.scrollTo(0, 0);
}

// The address of a page: link('queues', name) or link(['queues', name], {state: 'retry'}).
export function link(segments: string[], query: Record<string, string> = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== '') params.set(key, value);
  const text = params.toString();
  return root + segments.map(segment).join('/') + (text ? `?${text}` : '');
}

// Changes parameters of the page shown, without a new entry in the history.
export function setQuery(change: Record<string, string>): void {
  const query = new URLSearchParams(window.location.search);
  for (const [key, value] of Object.entries(change)) {
    if (value === '') query.delete(key);
    else query.set(key, value);
  }
  const text = query.toString();
  go(window.location.pathname + (text ? `?${text}` : ''), true);
}

export const queueLink = (queue: string, state = ''): string => link(['queues', queue], { state });
export const taskLink = (queue: string, id: string): string => link(['queues', queue, 'tasks', id]);
