import { t, type Key } from '../i18n';
import { Dialog } from './dialog';

const kShortcuts: [string[], Key][] = [
  [['?'], 'help'],
  [['/'], 'keys.search'],
  [['g', 'o'], 'overview'],
  [['g', 'q'], 'queues'],
  [['g', 's'], 'servers'],
  [['g', 'c'], 'schedulers'],
  [['g', 'f'], 'failures'],
  [['g', ','], 'settings'],
  [['e'], 'enqueue'],
  [['t'], 'keys.theme'],
  [['j'], 'keys.down'],
  [['k'], 'keys.up'],
  [['Enter'], 'keys.open'],
  [['x'], 'keys.choose'],
  [['Shift', 'R'], 'keys.run'],
  [['Shift', 'A'], 'keys.archive'],
  [['Shift', 'D'], 'keys.delete'],
  [['Shift', 'C'], 'keys.cancel'],
];

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t('help')} onClose={onClose}>
      <dl class="shortcuts">
        {kShortcuts.map(([keys, name]) => (
          <div key={name}>
            <dt>
              {keys.map((k) => (
                <kbd key={k}>{k}</kbd>
              ))}
            </dt>
            <dd>{t(name)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
