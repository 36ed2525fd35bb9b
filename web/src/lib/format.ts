// Numbers, sizes and times as text, in the viewer's language.
import { settings } from './settings';

const locale = (): string => (settings.get().language === 'zh' ? 'zh-CN' : 'en-GB');

export function count(n: number): string {
  return n.toLocaleString(locale() === 'zh-CN' ? 'zh-CN' : 'en-US');
}

// At most four characters or so: 950, 1.2k, 35k, 4.1M.
export function shortCount(n: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let value = n;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 ? (Number.isInteger(n) ? 0 : Math.abs(n) < 10 ? 1 : 0) : Math.abs(value) < 9.95 ? 1 : 0;
  return value.toFixed(digits) + (units[unit] ?? '');
}

export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = n;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

// The two largest units: 3d 4h, 1m 5s, 250ms. Never negative.
export function duration(ms: number): string {
  const all = Math.max(0, ms);
  if (all < 1000) return `${Math.round(all)}ms`;
  if (all < 10_000) return `${Math.floor(all / 100) / 10}s`;
  const parts: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1000, 's'],
  ];
  const first = parts.findIndex(([size]) => all >= size);
  const text: string[] = [];
  let left = all;
  for (const [size, unit] of parts.slice(first, first + 2)) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0 || text.length === 0) text.push(`${n}${unit}`);
  }
  return text.join(' ');
}

// Milliseconds since 1970; null for "" and "-" (no time).
export function parseTime(text: string | undefined): number | null {
  if (!text) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

// 2026-11-21 18:04:05, in the viewer's zone or UTC.
export function time(at: number, withMs = false): string {
  const d = new Date(at);
  const utc = settings.get().utc;
  const pad = (n: number, width = 2): string => String(n).padStart(width, '0');
  const [y, mo, day, h, mi, s, ms] = utc
    ? [
        d.getUTCFullYear(),
        d.getUTCMonth(),
        d.getUTCDate(),
        d.getUTCHours(),
        d.getUTCMinutes(),
        d.getUTCSeconds(),
        d.getUTCMilliseconds(),
      ]
    : [d.getFullYear(), d.getMonth(), d.getDate(), d.getHours(), d.getMinutes(), d.getSeconds(), d.getMilliseconds()];
  const clock = `${pad(h)}:${pad(mi)}:${pad(s)}${withMs ? `.${pad(ms, 3)}` : ''}`;
  return `${y}-${pad(mo + 1)}-${pad(day)} ${clock}${utc ? ' UTC' : ''}`;
}

export function percent(part: number, whole: number): string {
  if (whole <= 0) return '–';
  const p = (part / whole) * 100;
  return `${p === 0 || p >= 10 ? p.toFixed(0) : p < 0.1 ? '<0.1' : p.toFixed(1)}%`;
}
