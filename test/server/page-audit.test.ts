import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { SeenPage, launchBrowser, obstacle } from '../rig/browser.js';
import { controlledJob } from '../rig/controlled-job.js';
import { ini } from '../rig/project-files.js';
import { test } from '../rig/rig.js';
import { TestServer } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What the audit finds wrong, by rule and place. */
async function audit({ page }: SeenPage): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate<
    string[]
  >(`axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
    .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
      id + ' at ' + target.join(' ') + ': ' + failureSummary)))`);
}

let browser: Browser;

describe.skipIf(obstacle !== '')(`The page, for everybody${obstacle}`, () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  test.for(['light', 'dark'] as const)(
    'passes an audit of what screen readers and weak eyes need: %s',
    async (colorScheme, { rig }) => {
      const server = await TestServer.start(rig);
      await server.hire();
      rig.project().submit('bad.conf', ini('/bin/sh -c "echo why >&2; exit 1"'));
      rig.project().submit('good.conf', controlledJob());
      const job = await rig.jobs.started('good.conf');
      for (const hash of ['', '#/jobs', '#/jobs/bad.conf', '#/jobs/good.conf']) {
        const seen = await SeenPage.open(browser, server, hash, { colorScheme, bypassCSP: true });
        await seen.shows('Live', 'header');
        await seen.shows(hash.includes('good') ? 'good.conf' : 'bad.conf', 'main');
        expect({ hash, found: await audit(seen) }).toEqual({ hash, found: [] });
        await seen.close();
      }
      job.exit(0);
      await waitUntil(
        'all is done',
        () => rig.project().jobs('done'),
        ({ length }) => length === 1,
      );
      await server.stop();
    },
  );

  test('can sign in by an audited form', async ({ rig }) => {
    const server = await TestServer.start(rig, []);
    const seen = await SeenPage.open(browser, server, '', { bypassCSP: true });
    await seen.shows('Sign in', 'h1');
    expect(await audit(seen)).toEqual([]);
    await seen.close();
    await server.stop();
  });

  test('fits a phone', async ({ rig }) => {
    const server = await TestServer.start(rig);
    await server.hire();
    const name = `a-name-of-a-job-that-goes-on-and-on-${'x'.repeat(80)}.conf`;
    rig.project().submit(name, ini(`/bin/sh -c "echo ${'y'.repeat(200)} >&2; exit 1"`));
    await waitUntil(
      'it has failed',
      () => rig.project().jobs('failed'),
      ({ length }) => length === 1,
    );
    for (const hash of ['', '#/jobs', `#/jobs/${name}`]) {
      const seen = await SeenPage.open(browser, server, hash, { viewport: { width: 360, height: 740 } });
      await seen.shows(name, 'main');
      await seen.shows('Live', 'header');
      const [wide, room] = await seen.page.evaluate<[number, number]>(
        '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
      );
      expect({ hash, isTooWide: wide > room }).toEqual({ hash, isTooWide: false });
      await seen.close();
    }
    await server.stop();
  });
});
