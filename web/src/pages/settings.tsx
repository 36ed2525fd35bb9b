// What the viewer may choose, who they are, and what this is.
import type { ComponentChildren } from 'preact';
import { Button, Card, Segments } from '../components/basics';
import { t } from '../i18n';
import { explain } from '../lib/actions';
import { apiUrl, loadSession, remove } from '../lib/api';
import { complain } from '../lib/notice';
import { root } from '../lib/root';
import { info, session } from '../lib/session';
import {
  changeSettings,
  kPageChoices,
  kPollChoices,
  kUndoChoices,
  settings,
  type Language,
  type Theme,
} from '../lib/settings';
import { useStore } from '../lib/store';

export async function logOut(): Promise<void> {
  try {
    await remove('session');
    await loadSession();
  } catch (error) {
    complain(explain(error));
  }
}

function Row({ name, hint, children }: { name: string; hint?: string; children: ComponentChildren }) {
  return (
    <div class="setting">
      <div>
        <b>{name}</b>
        {hint && <p class="muted">{hint}</p>}
      </div>
      <div>{children}</div>
    </div>
  );
}

export function SettingsPage() {
  const s = useStore(settings);
  const who = useStore(session);
  const about = useStore(info);
  return (
    <>
      <h1>{t('settings')}</h1>
      <Card title={t('settings.look')}>
        <Row name={t('settings.theme')}>
          <Segments<Theme>
            label={t('settings.theme')}
            value={s.theme}
            onChange={(theme) => changeSettings({ theme })}
            choices={(['system', 'light', 'dark'] as const).map((v) => ({ value: v, text: t(`theme.${v}`) }))}
          />
        </Row>
        <Row name={t('settings.language')}>
          <Segments<Language>
            label={t('settings.language')}
            value={s.language}
            onChange={(language) => changeSettings({ language })}
            choices={[
              { value: 'en', text: 'English' },
              { value: 'zh', text: '中文' },
            ]}
          />
        </Row>
        <Row name={t('settings.zone')}>
          <Segments
            label={t('settings.zone')}
            value={s.utc}
            onChange={(utc) => changeSettings({ utc })}
            choices={[
              { value: false, text: t('zone.local') },
              { value: true, text: 'UTC' },
            ]}
          />
        </Row>
      </Card>
      <Card title={t('settings.data')}>
        <Row name={t('settings.poll')} hint={t('settings.poll_why')}>
          <Segments
            label={t('settings.poll')}
            value={s.pollSeconds}
            onChange={(pollSeconds) => changeSettings({ pollSeconds })}
            choices={kPollChoices.map((v) => ({ value: v, text: `${v}s` }))}
          />
        </Row>
        <Row name={t('settings.page')}>
          <Segments
            label={t('settings.page')}
            value={s.pageSize}
            onChange={(pageSize) => changeSettings({ pageSize })}
            choices={kPageChoices.map((v) => ({ value: v, text: String(v) }))}
          />
        </Row>
        <Row name={t('settings.undo')} hint={t('settings.undo_why')}>
          <Segments
            label={t('settings.undo')}
            value={s.undoSeconds}
            onChange={(undoSeconds) => changeSettings({ undoSeconds })}
            choices={kUndoChoices.map((v) => ({ value: v, text: `${v}s` }))}
          />
        </Row>
      </Card>
      <Card title={t('settings.about')}>
        {who && (
          <Row name={t('settings.user')} hint={who.read_only ? t('read_only') : undefined}>
            <span>
              {who.user} <span class="badge">{t(`role.${who.role}`)}</span>
            </span>{' '}
            {who.login_required && (
              <Button small icon="leave" onClick={() => void logOut()}>
                {t('log_out')}
              </Button>
            )}
          </Row>
        )}
        {about && (
          <Row name="Windlass">
            <span>
              {about.version}, {about.broker}
            </span>
          </Row>
        )}
        <Row name={t('settings.rest')}>
          <a href={apiUrl('openapi.json')}>openapi.json</a>
          {' · '}
          <a href={`${root}metrics`}>metrics</a>
        </Row>
      </Card>
    </>
  );
}
