// One clock for all times that count up or down on the page.
import { createStore } from './store';

export const now = createStore(Date.now());
window.setInterval(() => {
  if (document.visibilityState === 'visible') now.set(Date.now());
}, 1000);
