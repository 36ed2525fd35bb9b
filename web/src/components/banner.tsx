// Says that the server or the broker is away, and goes when it is back.
import { t } from '../i18n';
import { connection } from '../lib/live';
import { useStore } from '../lib/store';
import { Icon } from './icon';

export function Banner() {
  const c = useStore(connection);
  const text = c.server === 'lost' ? t('banner.server') : c.broker ? '' : t('banner.broker', { message: c.message });
  return (
    <div role="alert">
      {text && (
        <div class="banner">
          <Icon name="warning" />
          <span>{text}</span>
        </div>
      )}
    </div>
  );
}
