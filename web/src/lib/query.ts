// Data of one page: loaded, kept while it is loaded again, and refreshed.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './api';
import { generation, lastAction } from './live';
import { useStore } from './store';

export interface Loaded<T> {
  data: T | null;
  error: ApiError | null;
  loading: boolean; // nothing to show yet
  reload: () => void;
}

export interface RefreshRules {
  everySeconds?: number; // 0: not by time
  onActions?: boolean; // whenever somebody acts through this server
  keep?: boolean; // what was loaded for the keys before is shown until the new is there
}

// `load` runs again when one of `keys` changes. An answer to an older question than the last is dropped.
export function useData<T>(load: () => Promise<T>, keys: unknown[], rules: RefreshRules = {}): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; error: ApiError | null; key: string }>({
    data: null,
    error: null,
    key: '',
  });
  const key = JSON.stringify(keys);
  const asked = useRef(0);
  const current = useRef(load);
  current.current = load;

  const run = useCallback(async () => {
    const mine = ++asked.current;
    try {
      const data = await current.current();
      if (mine === asked.current) setState({ data, error: null, key });
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError(0, '', String(error));
      if (mine === asked.current)
        setState((old) => ({ data: old.key === key || rules.keep ? old.data : null, error: known, key }));
    }
  }, [key]);

  const age = useStore(generation);
  const action = useStore(lastAction);
  const seen = rules.onActions ? action : null;
  useEffect(() => {
    void run();
    return () => void asked.current++;
  }, [run, age, seen]);

  const seconds = rules.everySeconds ?? 0;
  useEffect(() => {
    if (seconds <= 0) return;
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') void run();
    }, seconds * 1000);
    return () => window.clearInterval(timer);
  }, [run, seconds]);

  const fresh = state.key === key || (rules.keep === true && state.key !== '');
  return {
    data: fresh ? state.data : null,
    error: fresh ? state.error : null,
    loading: !fresh || (state.data === null && state.error === null),
    reload: () => void run(),
  };
}
