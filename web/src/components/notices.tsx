import { t } from '../i18n';
import { dismiss, notices } from '../lib/notice';
import { useStore } from '../lib/store';
import { Button } from './basics';
import { Icon } from './icon';

export function Notices() {
  const all = useStore(notices);
  return (
    <div class="notices" role="status" aria-live="polite">
      {all.map((n) => (
        <div key={n.id} class={`notice ${n.kind}`}>
          <Icon name={n.kind === 'failed' ? 'warning' : n.kind === 'done' ? 'check' : 'history'} />
          <span>{n.text}</span>
          {n.undo ? (
            <Button small kind="ghost" onClick={n.undo}>
              {t('undo')}
            </Button>
          ) : (
            <Button small kind="ghost" icon="close" label={t('close')} onClick={() => dismiss(n.id)} />
          )}
        </div>
      ))}
    </div>
  );
}
