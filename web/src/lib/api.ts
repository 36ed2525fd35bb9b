// Calls of the REST interface. Every failure is an ApiError that says what happened.
import { root } from './root';
import { session } from './session';
import type { Session } from './types';

export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: no answer
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

// A segment of a path: any name works, also one with slashes or colons. (But "." and "..": browsers take these, also
// encoded, for steps in the path.)
export const segment = encodeURIComponent;

export const queuePath = (queue: string): string => `queues/${segment(queue)}`;
export const taskPath = (queue: string, id: string): string => `${queuePath(queue)}/tasks/${segment(id)}`;

type Query = Record<string, string | number | undefined>;

export function apiUrl(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return `${root}api/${path}${text ? `?${text}` : ''}`;
}

async function failure(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  try {
    const body = JSON.parse(text) as { error: string; message: string };
    return new ApiError(response.status, String(body.error), String(body.message));
  } catch {
    return new ApiError(response.status, '', text.slice(0, 500) || response.statusText);
  }
}

async function call<T>(method: string, path: string, query?: Query, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  const token = session.get()?.csrf_token;
  if (method !== 'GET' && token) headers['X-CSRF-Token'] = token;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(apiUrl(path, query), {
      method,
      headers,
      credentials: 'same-origin',
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    throw new ApiError(0, 'no_answer', error instanceof Error ? error.message : String(error));
  }
  if (!response.ok) {
    const error = await failure(response);
    if (error.code === 'login_required') sessionEnded();
    throw error;
  }
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export const get = <T>(path: string, query?: Query): Promise<T> => call<T>('GET', path, query);
export const post = <T = void>(path: string, body?: unknown, query?: Query): Promise<T> =>
  call<T>('POST', path, query, body);
export const put = <T = void>(path: string, body: unknown): Promise<T> => call<T>('PUT', path, undefined, body);
export const remove = <T = void>(path: string, query?: Query): Promise<T> => call<T>('DELETE', path, query);

// The session has run out: the login page takes the place of the others, which come back as they were.
export function sessionEnded(): void {
  const known = session.get();
  if (known?.authenticated) session.set({ ...known, authenticated: false });
}

export async function loadSession(): Promise<Session> {
  const found = await get<Session>('session');
  session.set(found);
  return found;
}
