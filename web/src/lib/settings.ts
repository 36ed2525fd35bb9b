// What the viewer chose, kept in this browser.
import { createStore } from './store';

export type Theme = 'system' | 'light' | 'dark';
export type Language = 'en' | 'zh';

export interface Settings {
  theme: Theme;
  language: Language;
  pollSeconds: number; // where nothing is pushed, and beside it
  pageSize: number;
  undoSeconds: number; // how long an action that takes something away waits
  utc: boolean;
}

const kKey = 'windlass.settings';
export const kPollChoices = [2, 5, 10, 30, 60];
export const kPageChoices = [20, 50, 100, 200];
export const kUndoChoices = [5, 10, 30];

export function defaultSettings(languages: readonly string[]): Settings {
  const language =
    languages
      .find((l) => /^(en|zh)\b/i.test(l))
      ?.slice(0, 2)
      .toLowerCase() === 'zh'
      ? 'zh'
      : 'en';
  return { theme: 'system', language, pollSeconds: 5, pageSize: 20, undoSeconds: 5, utc: false };
}

// Settings out of stored text; anything in it that is not a known choice is left at its default.
export function readSettings(text: string | null, fallback: Settings): Settings {
  let stored: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text ?? '{}');
    if (parsed && typeof parsed === 'object') stored = parsed as Record<string, unknown>;
  } catch {
    // Unreadable: as if nothing were stored.
  }
  const pick = <T>(key: string, choices: readonly T[], otherwise: T): T =>
    choices.includes(stored[key] as T) ? (stored[key] as T) : otherwise;
  return {
    theme: pick<Theme>('theme', ['system', 'light', 'dark'], fallback.theme),
    language: pick<Language>('language', ['en', 'zh'], fallback.language),
    pollSeconds: pick('pollSeconds', kPollChoices, fallback.pollSeconds),
    pageSize: pick('pageSize', kPageChoices, fallback.pageSize),
    undoSeconds: pick('undoSeconds', kUndoChoices, fallback.undoSeconds),
    utc: pick('utc', [true, false], fallback.utc),
  };
}

function storage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null; // refused by the browser: choices last as long as the page
  }
}

export const settings = createStore<Settings>(
  readSettings(storage()?.getItem(kKey) ?? null, defaultSettings(navigator.languages ?? [])),
);

export function changeSettings(change: Partial<Settings>): void {
  settings.set({ ...settings.get(), ...change });
  storage()?.setItem(kKey, JSON.stringify(settings.get()));
}
