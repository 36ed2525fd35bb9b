// Texts in the viewer's language. "{name}" is filled in; "one|more" is chosen by {n}.
import { settings, type Language } from '../lib/settings';
import { en } from './en';
import { zh } from './zh';

export type Key = keyof typeof en;
export const texts: Record<Language, Record<Key, string>> = { en, zh };

export function translate(language: Language, key: Key, values: Record<string, string | number> = {}): string {
  const forms = texts[language][key].split('|');
  const form = forms.length > 1 && values.n !== 1 && values.n !== '1' ? forms[1] : forms[0];
  return (form ?? '').replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export const t = (key: Key, values?: Record<string, string | number>): string =>
  translate(settings.get().language, key, values);

// The text for a name that the server says; the name itself where it is a new one.
export function named(group: 'event' | 'failure' | 'action', name: string): string {
  const key = `${group}.${name}`;
  return key in en ? t(key as Key) : name;
}
