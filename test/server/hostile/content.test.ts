import { describe, expect } from 'vitest';
import { launchBrowser, obstacle } from '../../rig/browser.js';
import { test } from '../../rig/rig.js';
import { TestServer, parameter, writeShellSpec, writeSpec } from '../../rig/server.js';

test('Parameters reach the environment of a job as values alone, whatever they and their names hold', async ({
  rig,
}) => {
  const { root } = rig.project();
  writeSpec(rig, 'env', `Command = "/usr/bin/env"\nArguments = ["-0"]\n${parameter('text')}`);
  const server = await TestServer.start(rig);
  await server.hire();
  const text = 'x\r\nLD_PRELOAD=/evil\nPATH=/evil;$(touch /evil)`id`\u202e"\'\\';
  const { job, result } = await server.run('env', {
    text,
    'LD_PRELOAD=/evil': 'x',
    'a\nNODE_OPTIONS': '--require=/evil',
    BASH_ENV: '/evil',
    PATH: '/evil',
  });
  expect(job?.status).toBe('completed');
  const variables = new Map(
    result!
      .split('\0')
      .filter((line) => line !== '')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  expect([...variables.keys()].sort()).toEqual(['JOBMGR_ARTIFACTS_DIR', 'JOBMGR_PARAMETER_TEXT']);
  expect(variables.get('JOBMGR_PARAMETER_TEXT')).toBe(text);
  expect(variables.get('JOBMGR_ARTIFACTS_DIR')?.startsWith(`${root}/work/`)).toBe(true);
  await server.stop();
});

describe.skipIf(obstacle !== '')(`An artifact in a browser${obstacle}`, () => {
  test.for([
    ['page.html', '<script>document.title = "script"; fetch("/v1/jobs?asked")</script>'],
    [
      'picture.svg',
      '<svg xmlns="http://www.w3.org/2000/svg" onload="fetch(\'/v1/jobs?asked\')"><script>fetch("/v1/jobs?asked")</script></svg>',
    ],
    [
      'form.html',
      '<form id="f" method="post" action="/jobs/start"><input name="name" value="page"></form><script>f.submit()</script>',
    ],
  ])(
    '%s is shown, and does nothing in the name of the server',
    async ([name = '', content = ''], { rig }) => {
      writeShellSpec(
        rig,
        'page',
        `printf %s '${content.replaceAll("'", String.raw`'\''`)}' > "$JOBMGR_ARTIFACTS_DIR/${name}"`,
      );
      const server = await TestServer.start(rig);
      await server.hire();
      const { artifacts } = await server.run('page');
      const link = await server.linkTo(artifacts![0]!.id);
      const browser = await launchBrowser();
      try {
        const page = await browser.newPage();
        const asked: string[] = [];
        page.on('request', (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
        const response = await page.goto(new URL(link, server.url).href, { waitUntil: 'networkidle' });
        expect(response?.status()).toBe(200);
        expect(await page.title()).not.toBe('script');
        expect(asked.filter((line) => /\/v1|POST/.test(line))).toEqual([]);
      } finally {
        await browser.close();
      }
      await server.stop();
    },
  );
});
