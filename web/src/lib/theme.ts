// Light or dark, by choice or as the system says.
import { settings } from './settings';
import { createStore } from './store';

export type Shade = 'light' | 'dark';

const system = window.matchMedia('(prefers-color-scheme: dark)');
const current = (): Shade => {
  const { theme } = settings.get();
  return theme === 'system' ? (system.matches ? 'dark' : 'light') : theme;
};

export const shade = createStore<Shade>(current());
const follow = (): void => {
  shade.set(current());
};
system.addEventListener('change', follow);
settings.subscribe(follow);
