// Payloads as lines to show. Works on the text itself, so that numbers come out exactly as they were sent.
import { Binary, decodeMsgpack, Extension, type Value } from './msgpack';

export type View = 'json' | 'msgpack' | 'text' | 'hex';

// JSON with one member a line; null if the text is not JSON.
export function prettyJson(text: string): string[] | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  const lines: string[] = [];
  let line = '';
  let depth = 0;
  const newLine = (): void => {
    lines.push(line);
    line = '  '.repeat(depth);
  };
  tokens.forEach((token, i) => {
    const next = tokens[i + 1];
    if (token === '{' || token === '[') {
      line += token;
      if (next === '}' || next === ']') return;
      depth++;
      newLine();
    } else if (token === '}' || token === ']') {
      const before = tokens[i - 1];
      if (before !== '{' && before !== '[') {
        depth--;
        newLine();
      }
      line += token;
    } else if (token === ',') {
      line += token;
      newLine();
    } else {
      line += token === ':' ? ': ' : token;
    }
  });
  lines.push(line);
  return lines;
}

// A decoded MessagePack value in JSON's dress, with words for what JSON does not have.
export function valueText(value: Value): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Date) return JSON.stringify(`timestamp ${value.toISOString()}`);
  if (value instanceof Binary) return JSON.stringify(`binary ${hexText(value.bytes)}`);
  if (value instanceof Extension) return JSON.stringify(`extension ${value.type}: ${hexText(value.bytes)}`);
  if (Array.isArray(value)) return `[${value.map(valueText).join(',')}]`;
  const members = [...value].map(
    ([k, v]) => `${typeof k === 'string' ? JSON.stringify(k) : JSON.stringify(valueText(k))}:${valueText(v)}`,
  );
  return `{${members.join(',')}}`;
}

const kHexMax = 64;
function hexText(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, kHexMax)].map((b) => b.toString(16).padStart(2, '0')).join('');
  return bytes.length > kHexMax ? `${shown}… (${bytes.length} bytes)` : shown;
}

export function prettyMsgpack(bytes: Uint8Array): string[] | null {
  try {
    return prettyJson(valueText(decodeMsgpack(bytes)));
  } catch {
    return null;
  }
}

const kRow = 16;
export const hexRows = (bytes: Uint8Array): number => Math.ceil(bytes.length / kRow);

// Row `row` of a hex dump: offset, 16 bytes, and what of them is printable ASCII.
export function hexRow(bytes: Uint8Array, row: number): string {
  const part = [...bytes.subarray(row * kRow, (row + 1) * kRow)];
  const cells = part.map((b) => b.toString(16).padStart(2, '0'));
  while (cells.length < kRow) cells.push('  ');
  const text = part.map((b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '.')).join('');
  const offset = (row * kRow).toString(16).padStart(8, '0');
  return `${offset}  ${cells.slice(0, 8).join(' ')}  ${cells.slice(8).join(' ')}  ${text}`;
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

// The views that fit, best first.
export function viewsOf(bytes: Uint8Array, text: string | null): View[] {
  const views: View[] = [];
  const trimmed = text?.trim() ?? '';
  if (trimmed !== '' && prettyJson(trimmed)) views.push('json');
  // Nearly any short text is MessagePack by accident: its first byte stands for a small number.
  if (bytes.length > 0 && (text === null || views.length === 0) && prettyMsgpack(bytes) && (bytes[0] ?? 0) >= 0x80) {
    views.push('msgpack');
  }
  if (text !== null) views.push('text');
  views.push('hex');
  return views;
}

export interface Token {
  kind: 'key' | 'string' | 'number' | 'word' | 'mark';
  text: string;
}

// A line of pretty JSON in coloured pieces.
export function tokens(line: string): Token[] {
  const out: Token[] = [];
  for (const match of line.matchAll(
    /("(?:[^"\\]|\\.)*")(\s*:)?|([-\d][\d.eE+-]*)|(true|false|null)|([^"\d\-tfn]+|.)/g,
  )) {
    const [, quoted, colon, number, word, mark] = match;
    if (quoted !== undefined) {
      out.push({ kind: colon ? 'key' : 'string', text: quoted });
      if (colon) out.push({ kind: 'mark', text: colon });
    } else if (number !== undefined) out.push({ kind: 'number', text: number });
    else if (word !== undefined) out.push({ kind: 'word', text: word });
    else out.push({ kind: 'mark', text: mark ?? '' });
  }
  return out;
}
