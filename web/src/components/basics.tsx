// The small pieces that every page is made of.
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { now } from '../lib/clock';
import { duration, parseTime, time } from '../lib/format';
import { go } from '../lib/router';
import { useStore } from '../lib/store';
import type { State } from '../lib/types';
import { Icon, type IconName } from './icon';

export function stateName(state: State): string {
  return t(`state.${state}`);
}

export function StateBadge({ state }: { state: State }) {
  return <span class={`badge state-${state}`}>{stateName(state)}</span>;
}

type LinkProps = Omit<JSX.HTMLAttributes<HTMLAnchorElement>, 'href'> & { href: string; children?: ComponentChildren };

// A link inside the dashboard. Clicks that open a new tab stay the browser's.
export function Link({ href, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(href);
  };
  return (
    <a href={href} onClick={follow} {...rest}>
      {children}
    </a>
  );
}

interface ButtonProps {
  icon?: IconName;
  children?: ComponentChildren;
  label?: string; // where there is no text
  kind?: 'plain' | 'primary' | 'danger' | 'ghost';
  small?: boolean;
  disabled?: boolean;
  pressed?: boolean;
  onClick?: () => void;
  type?: 'button' | 'submit';
}

export function Button({
  icon,
  children,
  label,
  kind = 'plain',
  small,
  disabled,
  pressed,
  onClick,
  type = 'button',
}: ButtonProps) {
  const classes = `button ${kind}${small ? ' small' : ''}${children ? '' : ' only-icon'}`;
  return (
    <button
      type={type}
      class={classes}
      disabled={disabled}
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      onClick={onClick}
    >
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}

// A time as distance from now, with the exact time behind it.
export function When({ at, dash = '–' }: { at: string | undefined; dash?: string }) {
  const ms = parseTime(at);
  const current = useStore(now);
  if (ms === null) return <span class="muted">{dash}</span>;
  const away = ms - current;
  const text =
    Math.abs(away) < 1500
      ? t('time.now')
      : t(away > 0 ? 'time.in' : 'time.ago', { time: duration(Math.floor(Math.abs(away) / 1000) * 1000) });
  return (
    <time dateTime={at} title={time(ms, true)}>
      {text}
    </time>
  );
}

export function Elapsed({ since }: { since: string | undefined }) {
  const ms = parseTime(since);
  const current = useStore(now);
  return (
    <span title={ms === null ? '' : time(ms, true)}>
      {ms === null ? '–' : duration(Math.floor(Math.max(0, current - ms) / 1000) * 1000)}
    </span>
  );
}

export function ExactTime({ at }: { at: string | undefined }) {
  const ms = parseTime(at);
  return ms === null ? <span class="muted">–</span> : <time dateTime={at}>{time(ms, true)}</time>;
}

export function Copy({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      copyBySelection(text); // where the page was not loaded over TLS
    }
    setDone(true);
    window.setTimeout(() => setDone(false), 1500);
  };
  return (
    <Button
      kind="ghost"
      small
      icon={done ? 'check' : 'copy'}
      label={done ? t('copied') : label}
      onClick={() => void copy()}
    />
  );
}

function copyBySelection(text: string): void {
  const box = document.createElement('textarea');
  box.value = text;
  box.className = 'off-screen';
  document.body.append(box);
  box.select();
  document.execCommand('copy');
  box.remove();
}

export function Bar({ percent, label }: { percent: number; label: string }) {
  const width = Math.max(0, Math.min(100, percent));
  return (
    <div
      class="bar"
      role="progressbar"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(width)}
      aria-label={label}
    >
      <div style={{ width: `${width}%` }} />
    </div>
  );
}

export function Card({
  title,
  tools,
  children,
  name,
}: {
  title?: ComponentChildren;
  tools?: ComponentChildren;
  children: ComponentChildren;
  name?: string;
}) {
  return (
    <section class={`card ${name ?? ''}`}>
      {(title || tools) && (
        <header class="card-head">
          <h2>{title}</h2>
          {tools && <div class="tools">{tools}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

// `page`: there is nothing else on the page.
export function Empty({
  icon,
  title,
  children,
  page,
}: {
  icon?: IconName;
  title: string;
  children?: ComponentChildren;
  page?: boolean;
}) {
  return (
    <div class="empty">
      {icon && <Icon name={icon} />}
      {page ? <h1 class="empty-title">{title}</h1> : <p class="empty-title">{title}</p>}
      {children && <div>{children}</div>}
    </div>
  );
}

export function Failed({ text, retry }: { text: string; retry?: () => void }) {
  return (
    <div class="note failed" role="alert">
      <Icon name="warning" />
      <span>{text}</span>
      {retry && (
        <Button small onClick={retry}>
          {t('try_again')}
        </Button>
      )}
    </div>
  );
}

export function Loading() {
  return (
    <div class="loading" role="status">
      <span class="off-screen">{t('loading')}</span>
    </div>
  );
}

export interface Choice<T> {
  value: T;
  text: string;
}

// A few choices of which one holds.
export function Segments<T extends string | number | boolean>({
  label,
  choices,
  value,
  onChange,
}: {
  label: string;
  choices: Choice<T>[];
  value: T;
  onChange: (value: T) => void;
}) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {choices.map((c) => (
        <button type="button" key={String(c.value)} aria-pressed={c.value === value} onClick={() => onChange(c.value)}>
          {c.text}
        </button>
      ))}
    </div>
  );
}
