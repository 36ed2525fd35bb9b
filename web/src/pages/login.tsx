import { useState } from 'preact/hooks';
import { Button, Failed, Segments } from '../components/basics';
import { t } from '../i18n';
import { explain } from '../lib/actions';
import { ApiError, post } from '../lib/api';
import { session } from '../lib/session';
import type { Session } from '../lib/types';

export function Login({ methods }: { methods: string[] }) {
  const offered = (['password', 'token'] as const).filter((m) => methods.includes(m));
  const [method, setMethod] = useState(offered[0] ?? 'password');
  const [user, setUser] = useState('');
  const [secret, setSecret] = useState('');
  const [failure, setFailure] = useState('');
  const [sending, setSending] = useState(false);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setSending(true);
    setFailure('');
    try {
      session.set(await post<Session>('session', method === 'token' ? { token: secret } : { user, password: secret }));
    } catch (error) {
      const code = error instanceof ApiError ? error.code : '';
      setFailure(
        code === 'login_failed'
          ? t('login.failed')
          : code === 'too_many_attempts'
            ? t('login.too_many')
            : explain(error),
      );
      setSecret('');
      setSending(false);
    }
  };
  return (
    <main class="login">
      <form class="card" onSubmit={(e) => void send(e)}>
        <h1>Windlass</h1>
        {offered.length === 0 && <p class="note">{t('login.proxy')}</p>}
        {offered.length > 1 && (
          <Segments
            label={t('login.method')}
            value={method}
            onChange={setMethod}
            choices={[
              { value: 'password', text: t('login.password') },
              { value: 'token', text: t('login.token') },
            ]}
          />
        )}
        {method === 'password' && offered.length > 0 && (
          <label class="field">
            <span>{t('login.user')}</span>
            <input
              name="user"
              autocomplete="username"
              autofocus
              required
              value={user}
              onInput={(e) => setUser(e.currentTarget.value)}
            />
          </label>
        )}
        {offered.length > 0 && (
          <label class="field">
            <span>{t(method === 'token' ? 'login.token' : 'login.password')}</span>
            <input
              name="secret"
              type="password"
              autocomplete={method === 'token' ? 'off' : 'current-password'}
              required
              value={secret}
              onInput={(e) => setSecret(e.currentTarget.value)}
            />
          </label>
        )}
        {failure && <Failed text={failure} />}
        {offered.length > 0 && (
          <Button type="submit" kind="primary" disabled={sending}>
            {t('login.do')}
          </Button>
        )}
      </form>
    </main>
  );
}
