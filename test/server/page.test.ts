import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { SeenPage, launchBrowser, obstacle } from '../rig/browser.js';
import { controlledJob } from '../rig/controlled-job.js';
import { submitTasks } from '../rig/fan-out.js';
import { ini } from '../rig/project-files.js';
import { type Rig, test } from '../rig/rig.js';
import { TestServer } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

let browser: Browser;

async function serve(rig: Rig, workers = 2): Promise<TestServer> {
  const server = await TestServer.start(rig);
  await server.hire(workers);
  return server;
}

async function end(server: TestServer, ...pages: SeenPage[]): Promise<void> {
  for (const seen of pages) {
    expect(seen.complaints).toEqual([]);
    await seen.close();
  }
  await server.stop();
}

function shell(script: string): string {
  return ini(`/bin/sh -c '${script}'`);
}

/** A name that would be a script, were it ever taken for markup. */
const hostileName = '<img src=x onerror=alert(1)>.sh';

describe.skipIf(obstacle !== '')(`The page in a browser${obstacle}`, () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  test('shows at once what changes: a job that begins, and one that ends', async ({ rig }) => {
    const server = await serve(rig);
    const seen = await SeenPage.open(browser, server);
    await seen.shows('Live', 'header');
    await seen.shows('Nothing runs.');
    expect(await seen.total('done')).toBe('0');
    rig.project().submit('first.conf', controlledJob());
    const job = await rig.jobs.started('first.conf');
    await waitUntil(
      'it is shown as running',
      () => seen.region('Running').innerText(),
      (text) => text.includes('first.conf'),
    );
    await waitUntil(
      'it is counted',
      () => seen.total('running'),
      (total) => total === '1',
    );
    job.exit(0);
    await waitUntil(
      'its end is counted',
      () => seen.total('done'),
      (total) => total === '1',
    );
    await seen.shows('Nothing runs.');
    await waitUntil(
      'the plot tells it, too',
      () => seen.page.locator('.plot').getAttribute('aria-label'),
      (text) => text?.startsWith('1 done and 0 failed') === true,
    );
    await end(server, seen);
  });

  test('shows names and logs as text, whatever they hold', async ({ rig }) => {
    const server = await serve(rig);
    const seen = await SeenPage.open(browser, server);
    const script = '#!/bin/sh\necho "<script>alert(2)</script><img src=x onerror=alert(3)>" >&2\nexit 7\n';
    rig.project().submit(hostileName, script, 0o700);
    await seen.shows(hostileName, '.failures');
    await seen.shows('exit code 7', '.failures');
    await seen.shows('<script>alert(2)</script>', '.failures pre');
    await seen.page.getByRole('link', { name: hostileName }).first().click();
    await seen.shows(hostileName, 'h1');
    await seen.shows('<img src=x onerror=alert(3)>', '.log');
    await seen.shows('echo "<script>alert(2)', '.file');
    expect(await seen.page.locator('main img, main script').count()).toBe(0);
    await end(server, seen);
  });

  test('cancels a job after asking, and retries one, by the keyboard alone', async ({ rig }) => {
    const server = await serve(rig);
    const { project, jobs } = { project: rig.project(), jobs: rig.jobs };
    project.submit('long.conf', controlledJob());
    await jobs.started('long.conf');
    const seen = await SeenPage.open(browser, server);
    const { keyboard } = seen.page;
    await seen.shows('long.conf', 'main');
    const focused = async (): Promise<string> =>
      seen.page.evaluate<string>('document.activeElement?.textContent?.trim() ?? ""');
    const tabTo = async (words: string): Promise<void> => {
      for (let step = 0; (await focused()) !== words; step += 1) {
        if (step > 60) throw new Error(`the tab key does not lead to "${words}"`);
        await keyboard.press('Tab');
      }
    };
    await tabTo('long.conf');
    await keyboard.press('Enter');
    await seen.shows('running', '.job-head');
    expect(await focused()).toBe('long.conf');
    await tabTo('Cancel');
    await keyboard.press('Enter');
    await seen.shows('Cancel long.conf?', 'dialog');
    expect(await focused()).toBe('Let it run');
    await keyboard.press('Escape');
    await seen.page.locator('dialog').waitFor({ state: 'detached' });
    expect(await focused()).toBe('Cancel');
    await keyboard.press('Enter');
    await tabTo('Cancel the job');
    await keyboard.press('Enter');
    await seen.shows('long.conf is being stopped.', '[role=status]');
    await seen.shows('failed', '.job-head');
    await tabTo('Retry');
    await keyboard.press('Enter');
    await seen.shows('long.conf waits in the queue again.', '[role=status]');
    const again = await jobs.started('long.conf', 2);
    await seen.shows('running', '.job-head');
    again.exit(0);
    await seen.shows('done', '.job-head');
    await end(server, seen);
  });

  test('follows what a job prints', async ({ rig }) => {
    const server = await serve(rig);
    rig.project().submit('talks.conf', controlledJob());
    const job = await rig.jobs.started('talks.conf');
    await job.print('before\n');
    const seen = await SeenPage.open(browser, server, '#/jobs/talks.conf');
    await seen.shows('before', '.log');
    await job.print('\u001b[32mafter\u001b[0m\n');
    expect(await seen.shows('after', '.log')).toBe('before\nafter\n');
    await job.print('the last\n');
    job.exit(0);
    await seen.shows('done', '.job-head');
    await seen.shows('the last', '.log');
    await end(server, seen);
  });

  test('says that it is cut off, and when it is back what has changed', async ({ rig }) => {
    const server = await serve(rig);
    const seen = await SeenPage.open(browser, server);
    await seen.shows('Live', 'header');
    rig.project().submit('meanwhile.conf', controlledJob());
    const job = await rig.jobs.started('meanwhile.conf');
    await seen.shows('meanwhile.conf', 'main');
    const { port } = new URL(server.url);
    expect(await server.process.stop()).toMatchObject({ code: 0 });
    await seen.shows(/Cut off since \d\d:\d\d:\d\d/, 'header');
    await seen.shows('What is shown is as it was then.', '[role=status]');
    job.exit(3);
    await waitUntil(
      'it has ended',
      () => rig.project().jobs('failed'),
      ({ length }) => length === 1,
    );
    const again = await TestServer.start(rig, ['--no-auth', '--port', port]);
    await seen.page.getByRole('button', { name: 'Try now' }).click();
    await seen.shows('Connected again.', '[role=status]');
    await waitUntil(
      'what it missed is counted',
      () => seen.total('failed'),
      (total) => total === '1',
    );
    await seen.shows('exit code 3', '.failures');
    await seen.shows('Nothing runs.');
    again.staff.push(...server.staff);
    await end(again, seen);
  });

  test('asks for a token where one is needed, once for each tab', async ({ rig }) => {
    const server = await TestServer.start(rig, []);
    const token = (await rig.run('fjr', ['token', 'add', 'me', '--scope', 'read'])).stdout
      .trim()
      .split(/\s+/)
      .at(-1)!;
    const mute = (await rig.run('fjr', ['token', 'add', 'mute', '--scope', 'submit'])).stdout
      .trim()
      .split(/\s+/)
      .at(-1)!;
    const seen = await SeenPage.open(browser, server);
    const field = seen.page.getByLabel('Token');
    const enter = async (words: string): Promise<void> => {
      await field.fill(words);
      await field.press('Enter');
    };
    await field.waitFor();
    expect(await field.getAttribute('autocomplete')).toBe('current-password');
    await enter(`${token.slice(0, -3)}xyz`);
    await seen.shows('The server does not know this token.', '[role=alert]');
    await enter(mute);
    await seen.shows('This token may not read: it needs the scope "read".', '[role=alert]');
    await enter(token);
    await seen.shows('Nothing runs.');
    await seen.page.reload();
    await seen.shows('Nothing runs.');
    // It may read, and no more.
    rig.project().submit('waits.conf', ini('/bin/true'));
    await seen.page.getByRole('link', { name: 'waits.conf' }).click();
    await seen.page.getByRole('button', { name: 'Cancel' }).click();
    await seen.page.getByRole('button', { name: 'Cancel the job' }).click();
    await seen.shows('Could not cancel waits.conf:', '[role=status]');
    expect(rig.project().jobs('jobqueue')).toEqual(['waits.conf']);
    await rig.run('fjr', ['token', 'revoke', 'me']);
    await seen.page.reload();
    await seen.shows('The token is not valid any more.', '[role=alert]');
    await end(server, seen);
  });

  test('finds jobs by name and state, and reads on where the list ends', async ({ rig }) => {
    const server = await serve(rig, 4);
    for (let number = 1; number <= 130; number += 1)
      rig.project().submitOld(`j${number}.conf`, shell(number % 10 === 0 ? 'exit 1' : 'exit 0'));
    const seen = await SeenPage.open(browser, server);
    await waitUntil(
      'all have ended',
      () => seen.total('done'),
      (total) => total === '117',
    );
    await seen.page.getByRole('link', { name: 'Jobs', exact: true }).click();
    const rows = seen.page.locator('table.jobs tbody tr');
    await waitUntil(
      'a page of them is there',
      () => rows.count(),
      (count) => count === 100,
    );
    await seen.page.getByRole('button', { name: '100 more' }).click();
    await waitUntil(
      'the rest is there',
      () => rows.count(),
      (count) => count === 130,
    );
    await seen.page.getByLabel('State').selectOption('failed');
    await waitUntil(
      'those that failed are there',
      () => rows.count(),
      (count) => count === 13,
    );
    await seen.page.getByLabel('Name holds').fill('j13');
    await waitUntil(
      'one is left',
      () => rows.allInnerTexts(),
      ([text, ...rest]) =>
        rest.length === 0 && text?.includes('j130.conf') === true && text.includes('exit code 1'),
    );
    // The address is the search.
    const other = await SeenPage.open(browser, server, new URL(seen.page.url()).hash);
    await other.shows('j130.conf', 'table.jobs');
    expect(await other.page.locator('table.jobs tbody tr').count()).toBe(1);
    await end(server, seen, other);
  });

  test("shows a run's tasks, and which worker was busy when", async ({ rig }) => {
    const server = await serve(rig);
    const inputs = Array.from({ length: 40 }, (_, number) => String(number));
    submitTasks(rig.project().root, 'sweep.run', 'echo "of $FJR_INPUT"; test "$FJR_INPUT" != 7', inputs);
    const seen = await SeenPage.open(browser, server, '#/jobs/sweep.run');
    await seen.shows('39 of 40 tasks done (100%) · 1 failed', '.progress');
    await seen.shows(/[12] workers? ran 40 tasks in /, 'main');
    await seen.region('Workers over time').getByText('As a table').click();
    const rows = seen.page.locator('.timeline ~ details tbody tr');
    const cells = await waitUntil(
      'both workers have rows',
      () => rows.allInnerTexts(),
      ({ length }) => length > 0,
    );
    const sums = cells.map((row) => row.split('\t').slice(1, 3).map(Number));
    expect(sums.reduce(([done, failed], row) => [done! + row[0]!, failed! + row[1]!], [0, 0])).toEqual([
      39, 1,
    ]);
    await seen.region('Failed tasks').getByRole('button', { name: '7: log' }).click();
    await seen.region('Log of task 7').getByRole('button', { name: 'Standard output' }).click();
    await seen.shows(/^of 7$/m, 'main');
    await end(server, seen);
  });

  test('says what is not there', async ({ rig }) => {
    const server = await TestServer.start(rig);
    const seen = await SeenPage.open(browser, server, '#/jobs/nobody.conf');
    await seen.shows('There is no such job here.', 'main');
    await end(server, seen);
  });
});
