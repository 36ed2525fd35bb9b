// Tasks of all queues and states, by type, id or payload. The server looks at so many tasks a call; the search goes on until a
// page is full, and then on demand.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, Card, Empty, Failed, Loading, Segments } from '../components/basics';
import { TaskTable } from '../components/task-table';
import { t } from '../i18n';
import { explain } from '../lib/actions';
import { get } from '../lib/api';
import { count } from '../lib/format';
import { lastAction, queues } from '../lib/live';
import { place, setQuery } from '../lib/router';
import { settings } from '../lib/settings';
import { useStore } from '../lib/store';
import { kStates, type SearchPage, type Task } from '../lib/types';

export type Where = 'id' | 'type' | 'payload';
const kWheres: Where[] = ['type', 'id', 'payload'];
const kCallsMax = 20; // before asking the viewer whether to go on

// Where to look for what somebody typed into the one search box.
export function guessWhere(text: string): Where {
  if (/^[0-9a-f]{8}(-[0-9a-f-]*)?$/i.test(text)) return 'id';
  return /^[\w.-]+(:[\w.*-]+)+$/.test(text) ? 'type' : 'payload';
}

interface Found {
  tasks: Task[];
  next: string;
  lookedAt: number;
  busy: boolean;
  error: string;
}
const kNothing: Found = { tasks: [], next: '', lookedAt: 0, busy: true, error: '' };

function useSearch(params: Record<string, string>, size: number): Found & { more: () => void } {
  const [found, setFound] = useState<Found>(kNothing);
  const turn = useRef(0);
  const walk = async (from: Found): Promise<void> => {
    const mine = ++turn.current;
    let state = { ...from, busy: true, error: '' };
    const wanted = from.tasks.length + size;
    setFound(state);
    try {
      for (let calls = 0; calls < kCallsMax; calls++) {
        const page = await get<SearchPage>('search', { ...params, size, cursor: state.next });
        if (mine !== turn.current) return;
        state = {
          ...state,
          tasks: [...state.tasks, ...page.tasks],
          next: page.next,
          lookedAt: state.lookedAt + page.looked_at,
        };
        setFound(state);
        if (page.next === '' || state.tasks.length >= wanted) break;
      }
      setFound({ ...state, busy: false });
    } catch (error) {
      if (mine === turn.current) setFound({ ...state, busy: false, error: explain(error) });
    }
  };
  const action = useStore(lastAction);
  const key = JSON.stringify([params, size]);
  useEffect(() => {
    void walk(kNothing);
    return () => void turn.current++;
  }, [key, action]);
  return { ...found, more: () => void walk(found) };
}

export function Search() {
  const { query } = useStore(place);
  const { pageSize } = useStore(settings);
  const names = [...(useStore(queues)?.keys() ?? [])].sort();
  const where = kWheres.find((w) => w === query.get('in')) ?? 'type';
  const text = query.get('q') ?? '';
  const state = query.get('state') ?? '';
  const queue = query.get('queue') ?? '';
  const found = useSearch({ state, queue, ...(text ? { [where]: text } : {}) }, pageSize);
  return (
    <>
      <h1>{t('search')}</h1>
      <Card name="task-card">
        <div class="toolbar">
          <Segments
            label={t('search.where')}
            value={where}
            onChange={(w) => setQuery({ in: w })}
            choices={kWheres.map((w) => ({ value: w, text: t(`where.${w}`) }))}
          />
          <input
            type="search"
            class="filter wide"
            value={text}
            aria-label={t(`where.${where}.hint`)}
            placeholder={t(`where.${where}.hint`)}
            onChange={(e) => setQuery({ q: e.currentTarget.value.trim() })}
          />
          <select
            aria-label={t('column.state')}
            value={state}
            onChange={(e) => setQuery({ state: e.currentTarget.value })}
          >
            <option value="">{t('search.any_state')}</option>
            {kStates.map((s) => (
              <option key={s} value={s}>
                {t(`state.${s}`)}
              </option>
            ))}
          </select>
          <select
            aria-label={t('column.queue')}
            value={queue}
            onChange={(e) => setQuery({ queue: e.currentTarget.value })}
          >
            <option value="">{t('search.any_queue')}</option>
            {names.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </div>
        {found.error && <Failed text={found.error} retry={found.more} />}
        {found.tasks.length > 0 && <TaskTable tasks={found.tasks} />}
        {found.busy && <Loading />}
        {!found.busy && !found.error && found.tasks.length === 0 && (
          <Empty icon="search" title={t('search.none')}>
            {t('search.looked_at', { n: count(found.lookedAt) })}
          </Empty>
        )}
        {!found.busy && found.next !== '' && (
          <div class="more">
            <Button onClick={found.more}>{t('search.more')}</Button>
            <span class="muted">{t('search.looked_at', { n: count(found.lookedAt) })}</span>
          </div>
        )}
      </Card>
    </>
  );
}
