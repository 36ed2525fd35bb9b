// Who is looking, and what they may do.
import { createStore } from './store';
import type { Info, Session } from './types';

export const session = createStore<Session | null>(null);
export const info = createStore<Info | null>(null);

export function mayAct(): boolean {
  const s = session.get();
  return s !== null && s.authenticated && !s.read_only && s.role !== 'viewer';
}

export function mayAdminister(): boolean {
  return mayAct() && session.get()?.role === 'admin';
}
