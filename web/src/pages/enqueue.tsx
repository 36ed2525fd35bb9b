// A new task, from nothing or as a copy of another.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button, Card, Failed, Loading } from '../components/basics';
import { PayloadInput } from '../components/payload-input';
import { t, type Key } from '../i18n';
import { explain } from '../lib/actions';
import { get, post, queuePath, taskPath } from '../lib/api';
import { queues } from '../lib/live';
import { guessForm, payloadBody, payloadProblem, type PayloadForm } from '../lib/new-payload';
import { say } from '../lib/notice';
import { go, place, taskLink } from '../lib/router';
import { useStore } from '../lib/store';
import type { TaskDetail } from '../lib/types';

interface Draft {
  queue: string;
  type: string;
  form: PayloadForm;
  payload: string;
  fields: Record<string, string>;
  headers: string; // name: value, one a line
}

const kSeconds = [
  'process_in_seconds',
  'timeout_seconds',
  'retention_seconds',
  'unique_seconds',
  'expires_in_seconds',
] as const;

export function parseHeaders(text: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) out[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
  }
  return out;
}

// The request for a draft: fields that were left empty are left out.
export function bodyOf(draft: Draft): Record<string, unknown> {
  const body: Record<string, unknown> = { type: draft.type, ...payloadBody(draft.form, draft.payload) };
  for (const [name, text] of Object.entries(draft.fields)) {
    if (text.trim() === '') continue;
    body[name] = name.endsWith('_seconds') || name === 'max_retry' ? Number(text) : text.trim();
  }
  const headers = parseHeaders(draft.headers);
  if (Object.keys(headers).length > 0) body.headers = headers;
  return body;
}

function draftOf(task: TaskDetail): Draft {
  const payload = task.payload_base64 ?? task.payload;
  const fields: Record<string, string> = { max_retry: String(task.max_retry) };
  if (task.timeout_seconds > 0) fields.timeout_seconds = String(task.timeout_seconds);
  if (task.retention_seconds > 0) fields.retention_seconds = String(task.retention_seconds);
  const headers = Object.entries(task.headers ?? {})
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
  return {
    queue: task.queue,
    type: task.type,
    form: task.payload_base64 === undefined ? guessForm(payload) : 'base64',
    payload,
    fields,
    headers,
  };
}

export function Enqueue() {
  const { query } = useStore(place);
  const queue = query.get('queue') ?? 'default';
  const copy = query.get('copy');
  const [draft, setDraft] = useState<Draft | null>(
    copy ? null : { queue, type: '', form: 'json', payload: '', fields: {}, headers: '' },
  );
  const [problem, setProblem] = useState('');
  const [cut, setCut] = useState(false);
  useEffect(() => {
    if (!copy) return;
    get<TaskDetail>(taskPath(queue, copy), { full: 1 }).then(
      (task) => {
        setDraft(draftOf(task));
        setCut(task.payload_truncated);
      },
      (error: unknown) => setProblem(explain(error)),
    );
  }, [queue, copy]);
  return (
    <>
      <h1>{t('enqueue')}</h1>
      {cut && <p class="note">{t('payload.cut')}</p>}
      {problem && <Failed text={problem} />}
      {draft ? <Form draft={draft} change={setDraft} /> : !problem && <Loading />}
    </>
  );
}

function Field({ name, hint, children }: { name: string; hint?: string; children: ComponentChildren }) {
  return (
    <label class="field">
      <span>
        {name}
        {hint && <small class="muted"> {hint}</small>}
      </span>
      {children}
    </label>
  );
}

function Form({ draft, change }: { draft: Draft; change: (draft: Draft) => void }) {
  const known = useStore(queues);
  const [failure, setFailure] = useState('');
  const [sending, setSending] = useState(false);
  const field = (name: string, value: string): void => change({ ...draft, fields: { ...draft.fields, [name]: value } });
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setSending(true);
    try {
      const task = await post<TaskDetail>(`${queuePath(draft.queue)}/tasks`, bodyOf(draft));
      say(t('done.enqueue'));
      go(taskLink(task.queue, task.id));
    } catch (error) {
      setFailure(explain(error));
      setSending(false);
    }
  };
  const text = (name: string, label: Key, hint?: Key) => (
    <Field name={t(label)} hint={hint && t(hint)}>
      <input
        value={draft.fields[name] ?? ''}
        onInput={(e) => field(name, e.currentTarget.value)}
        autocomplete="off"
        spellcheck={false}
      />
    </Field>
  );
  const number = (name: string, label: Key) => (
    <Field name={t(label)}>
      <input
        type="number"
        min="0"
        step={name === 'max_retry' ? 1 : 'any'}
        value={draft.fields[name] ?? ''}
        onInput={(e) => field(name, e.currentTarget.value)}
      />
    </Field>
  );
  return (
    <form class="enqueue" onSubmit={(e) => void send(e)}>
      <Card>
        <div class="form-grid">
          <Field name={t('column.queue')}>
            <input
              required
              list="known-queues"
              value={draft.queue}
              onInput={(e) => change({ ...draft, queue: e.currentTarget.value })}
              autocomplete="off"
            />
            <datalist id="known-queues">
              {[...(known?.keys() ?? [])].slice(0, 200).map((q) => (
                <option key={q} value={q} />
              ))}
            </datalist>
          </Field>
          <Field name={t('column.type')}>
            <input
              required
              value={draft.type}
              placeholder="email:welcome"
              onInput={(e) => change({ ...draft, type: e.currentTarget.value })}
              autocomplete="off"
              spellcheck={false}
            />
          </Field>
        </div>
        <PayloadInput
          form={draft.form}
          text={draft.payload}
          onChange={(form, payload) => change({ ...draft, form, payload })}
        />
        <details>
          <summary>{t('options')}</summary>
          <div class="form-grid">
            {number('max_retry', 'field.max_retry')}
            {kSeconds.map((name) => (
              <div key={name}>{number(name, `field.${name}`)}</div>
            ))}
            {text('id', 'field.id', 'field.id.hint')}
            {text('group', 'column.group')}
          </div>
          <label class="field">
            <span>
              {t('headers')} <small class="muted">{t('headers.hint')}</small>
            </span>
            <textarea
              rows={3}
              spellcheck={false}
              value={draft.headers}
              onInput={(e) => change({ ...draft, headers: e.currentTarget.value })}
            />
          </label>
        </details>
        {failure && <Failed text={failure} />}
        <footer class="form-foot">
          <Button
            type="submit"
            kind="primary"
            icon="plus"
            disabled={sending || payloadProblem(draft.form, draft.payload) !== ''}
          >
            {t('enqueue')}
          </Button>
        </footer>
      </Card>
    </form>
  );
}
