import { afterEach, describe, expect, it } from 'vitest';
import { bytes, count, duration, parseTime, percent, shortCount, time } from '../src/lib/format';
import { changeSettings, defaultSettings, readSettings } from '../src/lib/settings';

afterEach(() => changeSettings(defaultSettings(['en'])));

describe('numbers', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1.0k'],
    [9949, '9.9k'],
    [12_345, '12k'],
    [999_600, '1.0M'],
    [10_000_000, '10M'],
    [2.5, '2.5'],
  ])('%d is %s', (n, text) => expect(shortCount(n)).toBe(text));
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [5 * 1024 * 1024, '5.0 MiB'],
    [150 * 1024, '150 KiB'],
  ])('%d bytes are %s', (n, text) => expect(bytes(n)).toBe(text));
  it.each([
    [0, 0, '–'],
    [0, 5, '0%'],
    [1, 3, '33%'],
    [1, 30, '3.3%'],
    [1, 100_000, '<0.1%'],
    [5, 5, '100%'],
  ])('%d of %d is %s', (a, b, text) => expect(percent(a, b)).toBe(text));
  it('groups digits', () => expect(count(1_234_567)).toBe('1,234,567'));
});

describe('times', () => {
  it.each([
    [-5, '0ms'],
    [250, '250ms'],
    [1500, '1.5s'],
    [4000, '4s'],
    [12_900, '12s'],
    [61_000, '1m 1s'],
    [60_000, '1m'],
    [3_600_000 * 26, '1d 2h'],
    [86_400_000 + 60_000, '1d'],
  ])('%d ms are %s', (ms, text) => expect(duration(ms)).toBe(text));
  it('are shown in UTC when asked for', () => {
    changeSettings({ utc: true });
    expect(time(Date.UTC(2026, 10, 5, 4, 3, 2, 1), true)).toBe('2026-11-05 04:03:02.001 UTC');
  });
  it('are none where there is none', () => {
    expect(parseTime('')).toBeNull();
    expect(parseTime('-')).toBeNull();
    expect(parseTime(undefined)).toBeNull();
    expect(parseTime('2026-11-05T04:03:02.5Z')).toBe(Date.UTC(2026, 10, 5, 4, 3, 2, 500));
  });
});

describe('settings', () => {
  it('follow the browser until something is chosen', () => {
    expect(defaultSettings(['fr', 'zh-CN', 'en']).language).toBe('zh');
    expect(defaultSettings(['fr']).language).toBe('en');
  });
  it('take only choices that exist from what is stored', () => {
    const fallback = defaultSettings(['en']);
    expect(readSettings('{"theme":"dark","pollSeconds":0.001,"language":"xx","utc":"yes"}', fallback)).toEqual({
      ...fallback,
      theme: 'dark',
    });
    expect(readSettings('not json', fallback)).toEqual(fallback);
    expect(readSettings('null', fallback)).toEqual(fallback);
  });
});
