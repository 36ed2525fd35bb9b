// Line icons, 16 pixels.
const kPaths = {
  overview: 'M2 13V9m4 4V5m4 8V7m4 6V3',
  queues: 'M2 4h12M2 8h12M2 12h8',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.4L14 14',
  servers: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01',
  schedulers: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm0-9.5V8l2.5 1.5',
  store:
    'M8 5.5c3 0 5-.8 5-1.75S11 2 8 2s-5 .8-5 1.75.9 1.75 5 1.75ZM3 3.75v8.5C3 13.2 5 14 8 14s5-.8 5-1.75v-8.5M3 8c0 .95 2 1.75 5 1.75S13 8.95 13 8',
  dq: 'M2 5h9a3 3 0 0 1 0 6H4m0 0 2.5-2.5M4 11l2.5 2.5',
  audit: 'M4 2h6l3 3v9H4zM6.5 8h4M6.5 11h4M10 2v3h3',
  settings:
    'M2 4.5h7m3 0h2M2 11.5h2m3 0h7M10.5 6a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Zm-5 7a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Z',
  plus: 'M8 3v10M3 8h10',
  run: 'M4.5 3v10l8-5z',
  again: 'M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3',
  archive: 'M2 3h12v3H2zM3 6v7h10V6M6.5 9h3',
  delete: 'M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5 5 13.5h6l.5-9M7 7v4M9 7v4',
  cancel: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM5.8 5.8l4.4 4.4m0-4.4-4.4 4.4',
  pause: 'M5.5 3v10M10.5 3v10',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  check: 'm3 8.5 3.5 3.5L13 4.5',
  close: 'm4 4 8 8m0-8-8 8',
  edit: 'm3 13 .6-3L10.5 3 13 5.5 6 12.4z',
  history: 'M3 8a5 5 0 1 0 1.5-3.6M3 2v3h3M8 5.5V8l2 1.2',
  menu: 'M2 4h12M2 8h12M2 12h12',
  keyboard: 'M1.5 4h13v8h-13zM4 6.5h.01M6.7 6.5h.01M9.3 6.5h.01M12 6.5h.01M5 9.5h6',
  theme: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z',
  warning: 'M8 2 1.5 13.5h13zM8 6.5v3M8 11.6h.01',
  leave: 'M6 2.5H3v11h3M7 8h7m-2.5-2.5L14 8l-2.5 2.5',
  download: 'M8 2v8m-3-3 3 3 3-3M3 13h10',
  left: 'm10 3-5 5 5 5',
  right: 'm6 3 5 5-5 5',
} as const;

export type IconName = keyof typeof kPaths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={kPaths[name]} />
    </svg>
  );
}
