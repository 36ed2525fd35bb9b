// Long lists: only the rows in view are in the page. All rows are equally high.
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';

export interface Window {
  from: number;
  to: number; // behind the last
}

const kSpare = 10; // rows kept above and below the view

export function windowOf(count: number, rowHeight: number, scrollTop: number, height: number): Window {
  const first = Math.min(Math.max(0, Math.floor(scrollTop / rowHeight)), count);
  const rows = Math.ceil(height / rowHeight);
  return { from: Math.max(0, first - kSpare), to: Math.min(count, first + rows + kSpare) };
}

export function useWindow(box: RefObject<HTMLElement>, count: number, rowHeight: number): Window {
  const [view, setView] = useState({ top: 0, height: 600 });
  const read = (): void => {
    const e = box.current;
    if (e)
      setView((old) =>
        old.top === e.scrollTop && old.height === e.clientHeight ? old : { top: e.scrollTop, height: e.clientHeight },
      );
  };
  useLayoutEffect(read, [count]);
  useEffect(() => {
    const e = box.current;
    e?.addEventListener('scroll', read, { passive: true });
    window.addEventListener('resize', read);
    return () => {
      e?.removeEventListener('scroll', read);
      window.removeEventListener('resize', read);
    };
  }, [count > 0]); // there may be no box before there are rows
  return windowOf(count, rowHeight, view.top, view.height);
}

export function SpacerRow({
  rows,
  rowHeight,
  columns,
}: {
  rows: number;
  rowHeight: number;
  columns: number;
}): ComponentChildren {
  if (rows <= 0) return null;
  return (
    <tr aria-hidden="true" class="spacer">
      <td colSpan={columns} style={{ height: `${rows * rowHeight}px` }} />
    </tr>
  );
}
