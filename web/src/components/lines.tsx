// Text of any length, line by line, of which only the lines in view are in the page.
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useWindow } from './virtual';

const kLineHeight = 20;
const kShownLines = 24;

export function Lines({
  count,
  line,
  label,
}: {
  count: number;
  line: (i: number) => ComponentChildren;
  label: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const { from, to } = useWindow(box, count, kLineHeight);
  const rows: ComponentChildren[] = [];
  for (let i = from; i < to; i++)
    rows.push(
      <div class="line" key={i}>
        {line(i)}
      </div>,
    );
  return (
    <div
      class="lines"
      ref={box}
      tabIndex={0}
      role="region"
      aria-label={label}
      style={{ height: `${Math.min(count, kShownLines) * kLineHeight + 18}px` }}
    >
      <div style={{ height: `${count * kLineHeight}px` }}>
        <div class="lines-window" style={{ transform: `translateY(${from * kLineHeight}px)` }}>
          {rows}
        </div>
      </div>
    </div>
  );
}
