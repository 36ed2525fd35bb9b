// Every page, on both stores: shows what is there, without errors, accessible in light and dark, and fits a phone.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkAccessible, checkFits, kPhone, openBrowser, openTab, ready, shoot, visit } from './browser';
import { kOddQueues, settle, World, type Kind } from './world';

const kPages: [name: string, path: string, text: string][] = [
  ['overview', '/', 'Failed tasks'],
  ['queues', '/queues', 'default'],
  ['queue-archived', '/queues/default?state=archived', 'image:resize'],
  ['queue-retry', '/queues/default?state=retry', 'invoice:send'],
  ['queue-scheduled', '/queues/default?state=scheduled', 'report:daily'],
  ['queue-active', '/queues/default?state=active', 'video:encode'],
  ['queue-completed', '/queues/default?state=completed', 'email:welcome'],
  ['queue-aggregating', '/queues/reports?state=aggregating', 'digest'],
  ['queue-empty', '/queues/low?state=archived', 'kept here'],
  ['task-failed', '/queues/default/tasks/crash-1', 'SIGSEGV'],
  ['task-completed', '/queues/default/tasks/done-1', 'Result'],
  ['task-scheduled', '/queues/default/tasks/later-1', 'Timeline'],
  ['task-binary', '/queues/default/tasks/msgpack-1', 'MessagePack'],
  ['task-gone', '/queues/default/tasks/nothing', 'no such task'],
  ['search', '/search?in=type&q=email%3Awelcome', 'email:welcome'],
  ['enqueue', '/enqueue', 'Payload'],
  ['servers', '/servers', 'slots busy'],
  ['schedulers', '/schedulers', 'cleanup:sessions'],
  ['store', '/store', ''],
  ['audit', '/audit', ''],
  ['settings', '/settings', 'Language'],
  ['not-found', '/nothing', 'no such page'],
];

describe.each<Kind>(['sqlite', 'redis'])('pages on %s', (kind) => {
  let world: World;
  let browser: Browser;

  beforeAll(async () => {
    world = new World(kind);
    await world.startStore();
    world.schedule('[[entry]]\nname = "cleanup"\ncron = "@every 1h"\ntype = "cleanup:sessions"\n');
    await settle(world);
    await world.startWeb();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  it.each(['light', 'dark'] as const)('are there, accessible, without errors, in %s', async (colorScheme) => {
    const { page, problems, close } = await openTab(browser, world.url, { colorScheme });
    for (const [name, path, text] of kPages) {
      await visit(page, path);
      if (text) await page.locator('main').getByText(text).first().waitFor();
      await checkAccessible(page, `${name}, ${colorScheme}`);
      await shoot(page, `${kind}-${colorScheme}-${name}`);
    }
    expect(problems.filter((p) => !p.includes('404'))).toEqual([]);
    await close();
  });

  it('fit a phone', async () => {
    const { page, close } = await openTab(browser, world.url, { viewport: kPhone, hasTouch: true, isMobile: true });
    for (const [name, path, text] of kPages) {
      await visit(page, path);
      if (text) await page.locator('main').getByText(text).first().waitFor();
      await checkFits(page, name);
      await shoot(page, `${kind}-phone-${name}`);
    }
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('link', { name: 'Servers' }).click();
    await page.getByRole('heading', { name: /Servers/ }).waitFor();
    await close();
  });

  it('are small', async () => {
    const index = await (await fetch(world.url)).text();
    let bytes = index.length;
    for (const [, path] of index.matchAll(/(?:src|href)="\.?\/?(assets\/[^"]+)"/g)) {
      const answer = await fetch(`${world.url}/${path}`, { headers: { 'Accept-Encoding': 'gzip' } });
      expect(answer.headers.get('content-encoding')).toBe('gzip');
      bytes += Number(answer.headers.get('content-length'));
    }
    expect(bytes).toBeGreaterThan(20 * 1024);
    expect(bytes).toBeLessThan(100 * 1024);
  });

  it('show queues of any name, and run nothing that stands in it', async () => {
    const { page, problems, close } = await openTab(browser, world.url);
    for (const [i, queue] of kOddQueues.entries()) {
      await visit(page, '/queues');
      await page.getByRole('link', { name: queue, exact: true }).click();
      await page.getByRole('heading', { name: queue, exact: true }).waitFor();
      await page.getByRole('link', { name: 'email:welcome' }).click();
      await page.locator('.id-line').getByText(`odd-${i}`).waitFor();
      await page.reload();
      await page.locator('.id-line').getByText(`odd-${i}`).waitFor();
    }
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(problems).toEqual([]);
    await close();
  });

  it('are there in Chinese', async () => {
    const { page, problems, close } = await openTab(browser, world.url, { locale: 'zh-CN' });
    for (const [name, path] of kPages) {
      await visit(page, path);
      await ready(page);
      await shoot(page, `${kind}-chinese-${name}`);
    }
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh-CN');
    expect(problems.filter((p) => !p.includes('404'))).toEqual([]);
    await close();
  });
});
