// Keyboard shortcuts: single keys and sequences of two, never while somebody types.
import { useLayoutEffect } from 'preact/hooks';

type Handler = () => void;
const kSequenceMs = 1200;

const handlers = new Map<string, Handler[]>();
let first = '';
let firstAt = 0;

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable)
  );
}

function press(keys: string): boolean {
  const handler = handlers.get(keys)?.at(-1);
  handler?.();
  return handler !== undefined;
}

window.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target)) {
    const box = event.target as HTMLInputElement;
    if (event.key === 'Escape') box.blur();
    if (box.type !== 'checkbox' && box.type !== 'radio') return;
  }
  if (document.querySelector('dialog[open]')) return;
  const sequence = Date.now() - firstAt < kSequenceMs ? `${first} ${event.key}` : '';
  first = '';
  if ((sequence && press(sequence)) || press(event.key)) event.preventDefault();
  else {
    first = event.key;
    firstAt = Date.now();
  }
});

// While the component is shown; of two for the same keys the later one counts. What a person sees answers to its keys
// at once: the handlers change with the page, not after it was painted. Keys: "?", "g q", "Enter".
export function useKeys(map: Record<string, Handler>): void {
  useLayoutEffect(() => {
    const entries = Object.entries(map);
    for (const [keys, handler] of entries) handlers.set(keys, [...(handlers.get(keys) ?? []), handler]);
    return () => {
      for (const [keys, handler] of entries)
        handlers.set(
          keys,
          (handlers.get(keys) ?? []).filter((h) => h !== handler),
        );
    };
  });
}
