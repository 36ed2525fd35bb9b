import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const css = readFileSync(join(__dirname, '../src/styles/tokens.css'), 'utf8');
const block = (start: string): Record<string, string> => {
  const text = css.slice(css.indexOf(start));
  const body = text.slice(0, text.indexOf('}'));
  return Object.fromEntries([...body.matchAll(/(--[\w-]+): (#[0-9a-f]{6});/g)].map((m) => [m[1] ?? '', m[2] ?? '']));
};
const light = block(':root {');
const themes = { light, dark: { ...light, ...block(':root[data-theme="dark"]') } };

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const states = ['active', 'pending', 'aggregating', 'scheduled', 'retry', 'archived', 'completed'];
const kText: [string, string][] = [
  ...states.map((s): [string, string] => [`--state-${s}`, `--state-${s}-tint`]),
  ...states.map((s): [string, string] => [`--state-${s}`, '--card']),
  ...['--card', '--page', '--hover', '--raised', '--accent-tint'].map((ground): [string, string] => ['--text', ground]),
  ...['--card', '--page', '--hover', '--raised'].map((ground): [string, string] => ['--muted', ground]),
  ['--accent', '--card'],
  ['--accent', '--accent-tint'],
  ['--accent-text', '--accent'],
  ...['key', 'string', 'number', 'word'].map((k): [string, string] => [`--code-${k}`, '--page']),
];

describe.each(Object.entries(themes))('the %s theme', (_name, colours) => {
  it.each(kText)('shows %s on %s with a contrast of 4.5', (text, ground) =>
    expect(contrast(colours[text] ?? '', colours[ground] ?? '')).toBeGreaterThanOrEqual(4.5),
  );
  it.each([
    ['--line-strong', '--card'],
    ['--chart-done', '--card'],
    ['--chart-failed', '--card'],
    ['--focus', '--page'],
  ])('shows the shape of %s on %s with a contrast of 3', (shape, ground) =>
    expect(contrast(colours[shape] ?? '', colours[ground] ?? '')).toBeGreaterThanOrEqual(3),
  );
});
