// What an operator does, and what becomes of it in the store.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, openTab, shoot, visit, type Tab } from './browser';
import { eventually } from './processes';
import { settle, World, type Kind } from './world';

describe.each<Kind>(['sqlite', 'redis'])('actions on %s', (kind) => {
  let world: World;
  let browser: Browser;
  let tab: Tab;

  beforeAll(async () => {
    world = new World(kind);
    await world.startStore();
    world.schedule('[[entry]]\nname = "cleanup"\ncron = "@every 1h"\ntype = "cleanup:sessions"\n');
    await settle(world);
    await world.startWeb();
    browser = await openBrowser();
    tab = await openTab(browser, world.url);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  const gone = (queue: string, id: string): Promise<unknown> =>
    eventually(`${id} to be gone`, () =>
      world.state(queue, id).then(
        () => false,
        (error: Error) => error.message.includes('exit code 3'),
      ),
    );

  const timeToUndo = async (seconds: number): Promise<void> => {
    await visit(tab.page, '/settings');
    await tab.page
      .getByRole('group', { name: 'Time to undo' })
      .getByRole('button', { name: `${seconds}s` })
      .click();
    await visit(tab.page, '/queues/default?state=scheduled');
  };

  it('a newcomer sees what failed and why, and runs it again', async () => {
    const { page } = tab;
    await visit(page, '/');
    const failures = page.locator('.failures');
    await failures.getByRole('link', { name: 'image:resize' }).click();
    await page.getByRole('heading', { name: /Crashed: ended by SIGSEGV/ }).waitFor();
    await page.getByText('resize: 4000x3000, 3 planes').first().waitFor();
    await shoot(page, `${kind}-why`);
    await page.getByRole('button', { name: 'Run again' }).click();
    await page.getByText('1 task is ready to run').waitFor();
    await world.reaches('default', 'crash-1', 'archived'); // it crashes again
  });

  it('counts change by themselves', async () => {
    const { page } = tab;
    await visit(page, '/queues/default?state=scheduled');
    await page.locator('.tab-scheduled').getByText('6').waitFor();
    await world.cli('enqueue', 'report:daily', '{"fresh":true}', '--id', 'fresh-1', '--in', '30m');
    await page.locator('.tab-scheduled').getByText('7').waitFor();
    await page.getByText('fresh-1').waitFor();
  });

  it('a delete can be undone, and is done if it is not', async () => {
    const { page } = tab;
    await timeToUndo(30);
    await visit(page, '/queues/default?state=scheduled');
    await page.getByLabel('Choose later-0').check();
    await page.getByLabel('Choose later-1').check();
    await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Deleting 2 tasks').waitFor();
    await shoot(page, `${kind}-undo`);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Deleting 2 tasks').waitFor({ state: 'detached' });
    expect(await world.state('default', 'later-0')).toBe('scheduled');
    await timeToUndo(5);

    await page.locator('tr', { hasText: 'later-1' }).getByRole('button', { name: 'Delete' }).click();
    await page.getByText('1 task deleted').waitFor();
    await gone('default', 'later-1');
    expect(await world.state('default', 'later-0')).toBe('scheduled');
  });

  it('tasks are archived and run by choice or all at once', async () => {
    const { page } = tab;
    await visit(page, '/queues/default?state=scheduled');
    await page.getByLabel('Choose later-2').check();
    await page.getByRole('toolbar').getByRole('button', { name: 'Archive' }).click();
    await page.getByText('1 task archived').waitFor();
    await world.reaches('default', 'later-2', 'archived');

    await visit(page, '/queues/default?state=archived&id=later-2');
    await page.getByText('later-2').first().waitFor();
    await page.getByRole('button', { name: 'Delete all' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete all' }).click();
    await gone('default', 'later-2');
    await world.reaches('default', 'crash-1', 'archived');
  });

  it('a running task is cancelled for good', async () => {
    const { page } = tab;
    await visit(page, '/queues/default/tasks/active-1');
    await page.getByRole('button', { name: 'Cancel and archive' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel and archive' }).click();
    await world.reaches('default', 'active-1', 'archived');
    await page.locator('.badge', { hasText: 'Archived' }).waitFor();
  });

  it('a queue is paused, resumed, and deleted by typing its name', async () => {
    const { page } = tab;
    await visit(page, '/queues/reports');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.getByRole('button', { name: 'Delete the queue' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Delete' }).click(); // not without the name
    await dialog.getByRole('textbox').fill('reports');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('There is no queue "reports"').waitFor();
    expect(await world.cli('queue', 'ls')).not.toContain('reports');
  });

  it('a task is enqueued, its payload changed, and copied', async () => {
    const { page } = tab;
    await visit(page, '/enqueue');
    await page.locator('main').getByLabel('Type').fill('order:ship');
    await page.getByLabel('Payload', { exact: true }).fill('{"order":');
    expect(await page.locator('main').getByRole('button', { name: 'Enqueue a task' }).isDisabled()).toBe(true);
    await page.getByLabel('Payload', { exact: true }).fill('{"order": 12345678901234567890}');
    await page.getByText('Options').click();
    await page.getByLabel('Run in (seconds)').fill('3600');
    await page.locator('main').getByLabel('Id chosen for you if empty').fill('order-1');
    await page.locator('main').getByRole('button', { name: 'Enqueue a task' }).click();
    await page.getByText('12345678901234567890').waitFor();

    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('dialog').getByLabel('Payload', { exact: true }).fill('{"order": 2, "note": "é"}');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText('"é"').waitFor();

    await page.getByRole('link', { name: 'Enqueue a copy' }).click();
    await page.getByRole('heading', { name: 'Enqueue a task' }).waitFor();
    await eventually(
      'the copied payload',
      async () => (await page.getByLabel('Payload', { exact: true }).inputValue()) === '{"order": 2, "note": "é"}',
    );
  });

  it('a periodic entry is enqueued now', async () => {
    const { page } = tab;
    await visit(page, '/schedulers');
    await page.getByRole('button', { name: /Enqueue .* now/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Enqueue now' }).click();
    await page.getByText('A task was enqueued').waitFor();
  });

  it('what was done stands in the audit log', async () => {
    const { page } = tab;
    await visit(page, '/audit');
    await page.getByText('edit the payload').first().waitFor();
    await page.getByText('delete the queue').first().waitFor();
  });

  it('two operators: the second is told, and sees the list as it is', async () => {
    const other = await openTab(browser, world.url);
    await visit(tab.page, '/queues/default?state=scheduled');
    await visit(other.page, '/queues/default?state=scheduled');
    await world.cli('task', 'delete', 'later-3');
    await Promise.all([tab, other].map(({ page }) => page.getByText('later-3').waitFor({ state: 'detached' })));
    await other.close();
  });

  it('no page reported an error', () => expect(tab.problems.filter((p) => !p.includes('404'))).toEqual([]));
});
