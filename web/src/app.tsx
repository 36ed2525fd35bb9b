// The frame around all pages: who is looking, the way around, what is wrong with the connection.
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Banner } from './components/banner';
import { Button, Empty, Link, Loading } from './components/basics';
import { Asking } from './components/dialog';
import { Help } from './components/help';
import { Icon, type IconName } from './components/icon';
import { Notices } from './components/notices';
import { t } from './i18n';
import { get, loadSession } from './lib/api';
import { useKeys } from './lib/keys';
import { closeStream, connection, generation, openStream } from './lib/live';
import { go, link, place } from './lib/router';
import { info, mayAct, mayAdminister, session } from './lib/session';
import { changeSettings, settings } from './lib/settings';
import { useStore } from './lib/store';
import { shade as shadeShown } from './lib/theme';
import type { Info } from './lib/types';
import { Audit } from './pages/audit';
import { Dq } from './pages/dq';
import { Enqueue } from './pages/enqueue';
import { Login } from './pages/login';
import { Overview } from './pages/overview';
import { QueuePage } from './pages/queue';
import { Queues } from './pages/queues';
import { Schedulers } from './pages/schedulers';
import { guessWhere, Search } from './pages/search';
import { Servers } from './pages/servers';
import { logOut, SettingsPage } from './pages/settings';
import { StorePage, storeName } from './pages/store';
import { TaskPage } from './pages/task';

const kRetryMs = 2000;

function page(segments: string[]): VNode {
  const [first, name, what, id] = segments;
  if (first === undefined) return <Overview />;
  if (first === 'queues' && name !== undefined && what === 'tasks' && id !== undefined)
    return <TaskPage queue={name} id={id} key={`${name}\n${id}`} />;
  if (first === 'queues' && name !== undefined) return <QueuePage name={name} key={name} />;
  const simple: Record<string, () => VNode> = {
    queues: () => <Queues />,
    search: () => <Search />,
    enqueue: () => <Enqueue />,
    servers: () => <Servers />,
    schedulers: () => <Schedulers />,
    store: () => <StorePage />,
    redis: () => <StorePage />,
    dq: () => <Dq />,
    audit: () => <Audit />,
    settings: () => <SettingsPage />,
  };
  return (
    simple[first]?.() ?? (
      <Empty icon="search" title={t('not_found')} page>
        <Link href={link([])}>{t('overview')}</Link>
      </Empty>
    )
  );
}

// In the element's attributes, where the style sheets look.
function useLook(): void {
  const { language } = useStore(settings);
  const shade = useStore(shadeShown);
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    document.documentElement.dataset.theme = shade;
  }, [shade, language]);
}

// Finds out who is looking, again and again while the server does not answer.
function useSession(): void {
  const who = useStore(session);
  useEffect(() => {
    if (who !== null) return;
    let timer = 0;
    const load = (): void => {
      loadSession().catch(() => {
        connection.set({ ...connection.get(), server: 'lost' });
        timer = window.setTimeout(load, kRetryMs);
      });
    };
    load();
    return () => window.clearTimeout(timer);
  }, [who]);
  const inside = who?.authenticated ?? false;
  const age = useStore(generation);
  useEffect(() => {
    if (!inside) return;
    openStream();
    return closeStream;
  }, [inside]);
  useEffect(() => {
    if (inside)
      get<Info>('info').then(
        (found) => info.set(found),
        () => undefined,
      );
  }, [inside, age]);
}

export function App() {
  useLook();
  useSession();
  const who = useStore(session);
  const { language } = useStore(settings);
  return (
    <div class="root" key={language}>
      {who === null && (
        <main class="login">
          <Banner />
          <Loading />
        </main>
      )}
      {who !== null && !who.authenticated && <Login methods={who.methods} />}
      {who?.authenticated && <Inside />}
      <Notices />
      <Asking />
    </div>
  );
}

interface Entry {
  path: string;
  icon: IconName;
  text: string;
}

function entries(): Entry[] {
  const about = info.get();
  return [
    { path: '', icon: 'overview', text: t('overview') },
    { path: 'queues', icon: 'queues', text: t('queues') },
    { path: 'search', icon: 'search', text: t('search') },
    { path: 'servers', icon: 'servers', text: t('servers') },
    { path: 'schedulers', icon: 'schedulers', text: t('schedulers') },
    { path: 'store', icon: 'store', text: storeName(about?.broker) },
    ...(about?.features.dq ? [{ path: 'dq', icon: 'dq' as const, text: 'dq' }] : []),
    ...(mayAdminister() ? [{ path: 'audit', icon: 'audit' as const, text: t('audit') }] : []),
    { path: 'settings', icon: 'settings', text: t('settings') },
  ];
}

const kThemeAfter = { system: 'dark', dark: 'light', light: 'system' } as const;

function Inside() {
  const here = useStore(place);
  useStore(info);
  const { theme } = useStore(settings);
  const [help, setHelp] = useState(false);
  const [menu, setMenu] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const main = useRef<HTMLElement>(null);
  const path = here.segments.join('/');
  const first = useRef(true);
  useEffect(() => {
    setMenu(false);
    const name = here.segments.at(-1);
    document.title = name ? `${name} · Windlass` : 'Windlass';
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);
  useKeys({
    '?': () => setHelp(true),
    '/': () => {
      setMenu(true);
      search.current?.focus();
    },
    'g o': () => go(link([])),
    'g q': () => go(link(['queues'])),
    'g s': () => go(link(['servers'])),
    'g c': () => go(link(['schedulers'])),
    'g f': () => go(link(['search'], { state: 'archived' })),
    'g ,': () => go(link(['settings'])),
    ...(mayAct() ? { e: () => go(link(['enqueue'])) } : {}),
    t: () => changeSettings({ theme: kThemeAfter[theme] }),
  });
  const submit = (event: Event): void => {
    event.preventDefault();
    const text = search.current?.value.trim() ?? '';
    if (text) go(link(['search'], { in: guessWhere(text), q: text }));
    search.current?.blur();
  };
  const at = here.segments[0] ?? '';
  const who = session.get();
  return (
    <div class={`frame ${menu ? 'menu-open' : ''}`}>
      <a
        class="skip"
        href="#main"
        onClick={(e) => {
          e.preventDefault();
          main.current?.focus();
        }}
      >
        {t('skip')}
      </a>
      <header class="side">
        <div class="brand">
          <Link href={link([])} class="logo">
            <img src="favicon.svg" alt="" width="22" height="22" /> Windlass
          </Link>
          <span class="menu-button">
            <Button
              kind="ghost"
              icon={menu ? 'close' : 'menu'}
              label={t('menu')}
              pressed={menu}
              onClick={() => setMenu(!menu)}
            />
          </span>
        </div>
        <div class="side-body">
          <form class="side-search" role="search" onSubmit={submit}>
            <Icon name="search" />
            <input ref={search} type="search" placeholder={t('search')} aria-label={t('search.box')} />
            <kbd>/</kbd>
          </form>
          <nav aria-label={t('pages')}>
            {entries().map((e) => (
              <Link key={e.path} href={link(e.path ? [e.path] : [])} aria-current={e.path === at ? 'page' : undefined}>
                <Icon name={e.icon} />
                {e.text}
              </Link>
            ))}
          </nav>
          {mayAct() && (
            <Link class="button plain side-enqueue" href={link(['enqueue'])}>
              <Icon name="plus" />
              <span>{t('enqueue')}</span>
            </Link>
          )}
          <div class="side-foot">
            <LiveDot />
            <span class="grow" />
            <Button kind="ghost" small icon="keyboard" label={t('help')} onClick={() => setHelp(true)} />
            <Button
              kind="ghost"
              small
              icon="theme"
              label={t('settings.theme')}
              onClick={() => changeSettings({ theme: kThemeAfter[theme] })}
            />
            {who?.login_required && (
              <Button kind="ghost" small icon="leave" label={t('log_out')} onClick={() => void logOut()} />
            )}
          </div>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <Banner />
        {who?.read_only && <p class="note">{t('read_only')}</p>}
        {page(here.segments)}
      </main>
      {help && <Help onClose={() => setHelp(false)} />}
    </div>
  );
}

function LiveDot() {
  const c = useStore(connection);
  const good = c.server === 'open' && c.broker;
  return (
    <span class={`live ${good ? 'good' : 'bad'}`}>
      <i />
      {t(good ? 'live' : c.server === 'connecting' ? 'connecting' : 'offline')}
    </span>
  );
}
