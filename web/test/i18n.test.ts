import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { named, texts, translate } from '../src/i18n';

const holes = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

describe('texts', () => {
  it('stand in both languages, none empty', () => {
    expect(Object.keys(texts.zh).sort()).toEqual(Object.keys(texts.en).sort());
    for (const all of Object.values(texts))
      for (const [key, text] of Object.entries(all)) expect(text, key).not.toBe('');
  });
  it('have the same values to fill in', () => {
    for (const [key, text] of Object.entries(texts.en))
      expect(holes(texts.zh[key as keyof typeof texts.en]), key).toEqual(holes(text));
  });
  it('are Chinese in Chinese', () => {
    const alike = Object.entries(texts.en)
      .filter(([key, text]) => texts.zh[key as keyof typeof texts.en] === text)
      .map(([key]) => key);
    expect(alike.sort()).toEqual(['dq.tube', 'form.base64', 'form.json', 'view.json', 'view.msgpack']);
  });
  it('are all used', () => {
    const files = (folder: string): string[] =>
      readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
        e.isDirectory() ? files(join(folder, e.name)) : [join(folder, e.name)],
      );
    const source = files(join(__dirname, '../src'))
      .filter((f) => !f.includes('i18n'))
      .map((f) => readFileSync(f, 'utf8'))
      .join('\n');
    // Names made of a known part and a value: t(`state.${s}`), named('event', e.event).
    const made = [...source.matchAll(/`(\w+(?:\.\w+)*)\.\$\{/g), ...source.matchAll(/named\('(\w+)'/g)].map(
      (m) => `${m[1]}.`,
    );
    const unused = Object.keys(texts.en).filter(
      (key) => !source.includes(`'${key}'`) && !made.some((start) => key.startsWith(start)),
    );
    expect(unused).toEqual([]);
  });
});

describe('translate', () => {
  it('fills in values and chooses the number', () => {
    expect(translate('en', 'done.run', { n: 1 })).toBe('1 task is ready to run');
    expect(translate('en', 'done.run', { n: 3 })).toBe('3 tasks are ready to run');
    expect(translate('zh', 'done.run', { n: 3 })).toBe('3 个任务已可运行');
  });
  it('does not take values for patterns', () => {
    expect(translate('en', 'queue.unknown', { queue: '$& {n} <script>' })).toBe('There is no queue "$& {n} <script>"');
  });
  it('leaves names that it does not know as they are', () => {
    expect(named('event', 'started')).toBe('Started');
    expect(named('event', 'teleported')).toBe('teleported');
  });
});
