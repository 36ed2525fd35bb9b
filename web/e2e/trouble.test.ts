// Broker and server away, sessions that end, roles, large things.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kDesktop, openBrowser, openTab, shoot, visit } from './browser';
import { kMsgpack, World } from './world';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

async function withWorld(
  kind: 'sqlite' | 'redis',
  options: string[] | ((world: World) => Promise<string[]>),
  body: (world: World) => Promise<void>,
): Promise<void> {
  const world = new World(kind);
  try {
    await world.startStore();
    await world.cli('enqueue', 'email:welcome', '{"a":1}', '--id', 'one', '--in', '1h');
    await world.startWeb(...(typeof options === 'function' ? await options(world) : options));
    await body(world);
  } finally {
    await world.close();
  }
}

describe('trouble', () => {
  it('says that the broker is away, and recovers by itself', () =>
    withWorld('redis', [], async (world) => {
      const { page, close } = await openTab(browser, world.url);
      await visit(page, '/queues/default?state=scheduled');
      await page.getByText('one', { exact: true }).waitFor();
      await world.stopStore();
      await page.getByText('The broker cannot be reached').waitFor();
      await shoot(page, 'broker-away');
      await world.startStore(); // empty: it keeps nothing
      await world.cli('enqueue', 'email:welcome', '{"a":1}', '--id', 'two', '--in', '1h');
      await page.getByText('The broker cannot be reached').waitFor({ state: 'detached' });
      await page.getByText('two', { exact: true }).waitFor();
      await close();
    }));

  it('says that the server is away, and recovers by itself', () =>
    withWorld('sqlite', [], async (world) => {
      const { page, close } = await openTab(browser, world.url);
      await visit(page, '/queues/default?state=scheduled');
      await world.stopWeb();
      await page.getByText('No connection to the server').waitFor();
      await world.cli('enqueue', 'email:welcome', '{"a":1}', '--id', 'two', '--in', '1h');
      await world.startWeb();
      await page.getByText('No connection to the server').waitFor({ state: 'detached' });
      await page.getByText('two', { exact: true }).waitFor();
      await close();
    }));

  it('asks for a login, and again when the session has ended', () =>
    withWorld('sqlite', withUsers, async (world) => {
      const { page, close } = await openTab(browser, world.url);
      await visit(page, '/queues/default?state=scheduled');
      await shoot(page, 'login');
      await logIn(page, 'ann', 'wrong');
      await page.getByText('Wrong user, password or token').waitFor();
      await logIn(page, 'ann', 'secret of ann');
      await page.getByText('one', { exact: true }).waitFor();
      await page.context().clearCookies();
      await page.getByRole('link', { name: 'Schedulers' }).click();
      await page.getByRole('link', { name: 'Search' }).click();
      await page.getByLabel('Password').waitFor();
      await logIn(page, 'ann', 'secret of ann');
      await page.getByRole('heading', { name: 'Search' }).waitFor();
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByLabel('Password').waitFor();
      await close();
    }));

  it('offers a viewer no actions', () =>
    withWorld('sqlite', withUsers, async (world) => {
      const { page, close } = await openTab(browser, world.url);
      await visit(page, '/queues/default?state=scheduled');
      await logIn(page, 'vic', 'secret of vic');
      await page.getByText('one', { exact: true }).waitFor();
      expect(await page.getByRole('button', { name: /Delete|Archive|Run|Pause/ }).count()).toBe(0);
      expect(await page.getByRole('checkbox').count()).toBe(0);
      await visit(page, '/queues/default/tasks/one');
      expect(await page.getByRole('button', { name: /Delete|Archive|Run|Edit/ }).count()).toBe(0);
      await close();
    }));

  it('says that it is read-only', () =>
    withWorld('sqlite', ['--read-only'], async (world) => {
      const { page, close } = await openTab(browser, world.url);
      await visit(page, '/queues/default?state=scheduled');
      await page.getByText('Read-only').waitFor();
      expect(await page.getByRole('button', { name: /Delete|Archive|Run|Pause/ }).count()).toBe(0);
      await close();
    }));

  it('stands below another path', () =>
    withWorld('sqlite', ['--root-path', '/ops/tasks'], async (world) => {
      const { page, problems, close } = await openTab(browser, world.url);
      await visit(page, '/ops/tasks/queues/default/tasks/one');
      await page.getByRole('link', { name: 'Queues' }).first().click();
      await page.getByRole('link', { name: 'default' }).first().click();
      await page.getByText('one', { exact: true }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/ops/tasks/queues/default');
      expect(problems).toEqual([]);
      await close();
    }));
});

describe('large things', () => {
  it('shows payloads of any bytes and size with few elements', () =>
    withWorld('sqlite', [], async (world) => {
      const many = JSON.stringify(Array.from({ length: 20_000 }, (_, i) => ({ i, text: 'x'.repeat(20) })));
      await world.cliWith(many, 'enqueue', 'big', '-', '--id', 'big', '--in', '1h');
      await world.cliWith(Buffer.alloc(5 * 1024 * 1024, 0xfe), 'enqueue', 'huge', '-', '--id', 'huge', '--in', '1h');
      await world.cliWith(kMsgpack, 'enqueue', 'packed', '-', '--id', 'packed', '--in', '1h');
      const { page, problems, close } = await openTab(browser, world.url);
      await visit(page, '/queues/default/tasks/big');
      await page.locator('.line').first().waitFor();
      await page.locator('.lines').evaluate((e) => (e.scrollTop = e.scrollHeight));
      await page.locator('.line', { hasText: ']' }).last().waitFor();
      expect(await page.locator('.line').count()).toBeLessThan(100);

      await visit(page, '/queues/default/tasks/huge');
      await page.getByText('5.0 MiB').waitFor();
      await page.getByText('fe fe fe fe').first().waitFor();
      await shoot(page, 'huge');
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Download' }).click();
      const path = await (await download).path();
      const { statSync } = await import('node:fs');
      expect(statSync(path).size).toBe(5 * 1024 * 1024);

      await visit(page, '/queues/default/tasks/packed');
      await page.getByText('"binary ff00"').waitFor();
      await shoot(page, 'packed');
      await page.getByRole('button', { name: 'Hex' }).click();
      await page.getByText('83 a4 75 73').waitFor();
      expect(problems).toEqual([]);
      await close();
    }));

  it('shows a thousand queues with few rows', () =>
    withWorld('sqlite', [], async (world) => {
      const api = await browser.newContext({ baseURL: world.url });
      for (let i = 0; i < 1000; i++) {
        const answer = await api.request.post(`/api/queues/q${String(i).padStart(4, '0')}/tasks`, {
          data: { type: 't', process_in_seconds: 3600 },
        });
        expect(answer.status()).toBe(201);
      }
      await api.close();
      const { page, close } = await openTab(browser, world.url, { viewport: kDesktop });
      await visit(page, '/queues');
      await page.getByRole('link', { name: 'q0000' }).waitFor();
      expect(await page.locator('tbody tr').count()).toBeLessThan(60);
      await page.locator('.tall').evaluate((e) => (e.scrollTop = e.scrollHeight));
      await page.getByRole('link', { name: 'q0999' }).waitFor();
      await page.getByLabel('Filter by name').fill('q0500');
      await page.getByRole('link', { name: 'q0500' }).click();
      await page.getByRole('heading', { name: 'q0500' }).waitFor();
      await close();
    }));

  it('walks through pages by cursor', () =>
    withWorld('sqlite', [], async (world) => {
      const api = await browser.newContext({ baseURL: world.url });
      for (let i = 0; i < 45; i++) {
        await api.request.post('/api/queues/paged/tasks', {
          data: { type: 't', id: `p${String(i).padStart(2, '0')}`, process_in_seconds: 3600 + i },
        });
      }
      await api.close();
      const { page, close } = await openTab(browser, world.url);
      await visit(page, '/queues/paged?state=scheduled');
      await page.getByText('1–20 of 45').waitFor();
      await page.getByRole('button', { name: 'Next page' }).click();
      await page.getByText('p20', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Next page' }).click();
      await page.getByText('41–45 of 45').waitFor();
      expect(await page.getByRole('button', { name: 'Next page' }).isDisabled()).toBe(true);
      await page.getByRole('button', { name: 'Page before' }).click();
      await page.getByText('p39', { exact: true }).waitFor();
      await close();
    }));
});

describe('the keyboard', () => {
  it('goes to pages, walks lists, opens tasks, and shows what it can do', () =>
    withWorld('sqlite', [], async (world) => {
      const { page, close } = await openTab(browser, world.url);
      await visit(page, '/');
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
      await shoot(page, 'shortcuts');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.clock.setFixedTime(new Date()); // however long the machine takes between two keys of a sequence
      await page.keyboard.press('g');
      await page.keyboard.press('s');
      await page.getByRole('heading', { name: /Servers/ }).waitFor();
      await visit(page, '/queues/default?state=scheduled');
      await page.getByText('one', { exact: true }).waitFor();
      await page.keyboard.press('j');
      await page.locator('tr.at').waitFor();
      await page.keyboard.press('Enter');
      await page.locator('.id-line').getByText('one').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('email:welcome');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Search' }).waitFor();
      await page.getByText('one', { exact: true }).waitFor();
      await close();
    }));
});

type Page = Awaited<ReturnType<typeof openTab>>['page'];

async function logIn(page: Page, user: string, password: string): Promise<void> {
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

async function withUsers(world: World): Promise<string[]> {
  const lines = await Promise.all(
    [
      ['ann', 'admin'],
      ['vic', 'viewer'],
    ].map(
      async ([name, role]) =>
        `${name}:${role}:${(await world.cliWith(`secret of ${name}`, 'web', '--hash-password')).trim()}`,
    ),
  );
  return ['--users', world.file('users', `${lines.join('\n')}\n`)];
}
