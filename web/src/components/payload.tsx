// A payload or a result, in whichever of JSON, MessagePack, text and hex fits.
import { useMemo, useState } from 'preact/hooks';
import { t } from '../i18n';
import { bytes as sizeText } from '../lib/format';
import {
  fromBase64,
  hexRow,
  hexRows,
  prettyJson,
  prettyMsgpack,
  tokens,
  utf8,
  viewsOf,
  type View,
} from '../lib/payload';
import type { Task } from '../lib/types';
import { Copy, Segments } from './basics';
import { Icon } from './icon';
import { Lines } from './lines';

const kLineMax = 2000; // characters of one line that are shown

function CodeLine({ text }: { text: string }) {
  const shown = text.length > kLineMax ? text.slice(0, kLineMax) : text;
  return (
    <>
      {tokens(shown).map((token, i) => (
        <span key={i} class={`token-${token.kind}`}>
          {token.text}
        </span>
      ))}
      {text.length > kLineMax && (
        <span class="muted">{t('payload.more_characters', { n: text.length - kLineMax })}</span>
      )}
    </>
  );
}

function Body({ view, bytes, text, label }: { view: View; bytes: Uint8Array; text: string | null; label: string }) {
  const lines = useMemo(() => {
    if (view === 'json') return prettyJson(text?.trim() ?? '') ?? [];
    if (view === 'msgpack') return prettyMsgpack(bytes) ?? [];
    return view === 'text' ? (text ?? '').split('\n') : [];
  }, [view, bytes, text]);
  if (view === 'hex') return <Lines count={hexRows(bytes)} line={(i) => hexRow(bytes, i)} label={label} />;
  const plain = view === 'text';
  return (
    <Lines
      count={lines.length}
      line={(i) => (plain ? (lines[i] ?? '').slice(0, kLineMax) || ' ' : <CodeLine text={lines[i] ?? ''} />)}
      label={label}
    />
  );
}

interface PayloadProps {
  text: string | undefined;
  base64: string | undefined;
  size: number;
  truncated: boolean;
  rawUrl: string;
  label: string;
}

export function PayloadView({ text, base64, size, truncated, rawUrl, label }: PayloadProps) {
  const known = base64 === undefined ? (text ?? '') : null;
  const bytes = useMemo(() => (base64 === undefined ? utf8(text ?? '') : fromBase64(base64)), [text, base64]);
  const views = useMemo(() => viewsOf(bytes, known), [bytes, known]);
  const [chosen, choose] = useState<View | null>(null);
  const view = chosen && views.includes(chosen) ? chosen : (views[0] ?? 'hex');
  if (size === 0) return <p class="muted card-pad">{t('payload.empty')}</p>;
  return (
    <div class="payload">
      <div class="payload-tools">
        <Segments
          label={label}
          value={view}
          onChange={choose}
          choices={views.map((v) => ({ value: v, text: t(`view.${v}`) }))}
        />
        <span class="muted">{sizeText(size)}</span>
        <span class="grow" />
        {known !== null && <Copy text={known} label={t('payload.copy')} />}
        <a
          class="button ghost small only-icon"
          href={rawUrl}
          download
          title={t('payload.download')}
          aria-label={t('payload.download')}
        >
          <Icon name="download" />
        </a>
      </div>
      {truncated && <p class="note">{t('payload.cut')}</p>}
      <Body view={view} bytes={bytes} text={known} label={label} />
    </div>
  );
}

// A payload in a cell of a table.
export function PayloadSnippet({ task }: { task: Pick<Task, 'payload' | 'payload_encoding'> }) {
  if (task.payload === '') return <span class="muted">{t('payload.none')}</span>;
  if (task.payload_encoding === 'binary') return <span class="muted">{t('payload.binary')}</span>;
  return <code class="snippet">{task.payload}</code>;
}
