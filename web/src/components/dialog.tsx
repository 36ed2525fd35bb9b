// Dialogs: the browser's own, which keeps the focus inside and closes on Escape.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n';
import { createStore, useStore } from '../lib/store';
import { Button } from './basics';

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  wide?: boolean;
}

export function Dialog({ title, onClose, children, wide }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const outside = (event: MouseEvent): void => {
    if (event.target === box.current) onClose();
  };
  return (
    <dialog ref={box} class={wide ? 'wide' : ''} aria-label={title} onClose={onClose} onClick={outside}>
      <div class="dialog-body">
        <header class="dialog-head">
          <h2>{title}</h2>
          <Button kind="ghost" icon="close" label={t('close')} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface Question {
  title: string;
  text: string;
  button: string;
  danger?: boolean;
  word?: string; // to be typed before the button works
  act: () => void;
}

const question = createStore<Question | null>(null);
export const ask = (q: Question): void => question.set(q);

// The one place where questions of ask() are shown.
export function Asking() {
  const q = useStore(question);
  return q && <AskDialog q={q} key={q.title} />;
}

function AskDialog({ q }: { q: Question }) {
  const input = useRef<HTMLInputElement>(null);
  const close = (): void => question.set(null);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (q.word && input.current?.value !== q.word) {
      input.current?.focus();
      return;
    }
    close();
    q.act();
  };
  return (
    <Dialog title={q.title} onClose={close}>
      <form onSubmit={submit}>
        <p>{q.text}</p>
        {q.word && (
          <label class="field">
            <span>{t('type_to_confirm', { word: q.word })}</span>
            <input ref={input} autocomplete="off" spellcheck={false} />
          </label>
        )}
        <footer class="dialog-foot">
          <Button onClick={close}>{t('keep')}</Button>
          <Button type="submit" kind={q.danger ? 'danger' : 'primary'}>
            {q.button}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
