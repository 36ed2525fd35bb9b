// Changes the payload of a task that waits for its time.
import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { explain } from '../lib/actions';
import { put, taskPath } from '../lib/api';
import { lastAction } from '../lib/live';
import { guessForm, payloadBody, payloadProblem, type PayloadForm } from '../lib/new-payload';
import { say } from '../lib/notice';
import type { TaskDetail } from '../lib/types';
import { Button, Failed } from './basics';
import { Dialog } from './dialog';
import { PayloadInput } from './payload-input';

export function EditPayload({ task, onClose }: { task: TaskDetail; onClose: () => void }) {
  const start = task.payload_base64 ?? task.payload;
  const [form, setForm] = useState<PayloadForm>(task.payload_base64 === undefined ? guessForm(start) : 'base64');
  const [text, setText] = useState(start);
  const [failure, setFailure] = useState('');
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await put(`${taskPath(task.queue, task.id)}/payload`, payloadBody(form, text));
      say(t('done.edit'));
      lastAction.set({ user: '', action: 'edit_payload', queue: task.queue, task_id: task.id, count: 1 });
      onClose();
    } catch (error) {
      setFailure(explain(error));
    }
  };
  return (
    <Dialog title={t('edit_payload')} onClose={onClose} wide>
      {task.payload_truncated ? (
        <p class="note">{t('payload.too_big_to_edit')}</p>
      ) : (
        <form onSubmit={(e) => void save(e)}>
          <PayloadInput
            form={form}
            text={text}
            onChange={(f, x) => {
              setForm(f);
              setText(x);
            }}
          />
          {failure && <Failed text={failure} />}
          <footer class="dialog-foot">
            <Button onClick={onClose}>{t('cancel')}</Button>
            <Button type="submit" kind="primary" disabled={payloadProblem(form, text) !== ''}>
              {t('save')}
            </Button>
          </footer>
        </form>
      )}
    </Dialog>
  );
}
