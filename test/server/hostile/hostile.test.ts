import { readdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Rig } from '../../rig/rig.js';
import { TestServer, parameter, writeShellSpec, writeSpec } from '../../rig/server.js';
import { waitUntil } from '../../rig/wait-until.js';
import { eventRows } from './event-rows.js';
import { httpRows } from './http-rows.js';
import { jobmgrRows } from './jobmgr-rows.js';
import { originRows } from './origin-rows.js';
import { pageRows } from './page-rows.js';
import { type Row, exchange, wordOf } from './row.js';
import { v1Rows } from './v1-rows.js';
import { workerRows } from './worker-rows.js';

const areas: Readonly<Record<string, readonly Row[]>> = {
  'what is no request': httpRows,
  "jobmgr's API": jobmgrRows,
  'pages of others': originRows,
  '/v1': v1Rows,
  events: eventRows,
  workers: workerRows,
  'the page': pageRows,
};

function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

describe('a server', () => {
  let rig: Rig;
  let server: TestServer;
  let files: number;
  let failed = true;

  beforeAll(async () => {
    rig = new Rig();
    writeShellSpec(rig, 'plain', 'true', parameter('text'));
    server = await TestServer.start(rig);
    await server.get(1);
    files = openFiles(server.process.pid);
  });

  afterAll(async () => {
    await server.stop();
    await rig.dispose(failed);
  });

  describe.each(Object.entries(areas))('asked about %s', (_, rows) => {
    test.each(rows)(
      'answers $title with $status $word',
      { timeout: 20_000 },
      async ({ bytes, status, word }) => {
        const answer = await exchange(server.url, bytes);
        const { head, body } = answer;
        expect({ status: answer.status, word: wordOf(answer) }, `${head}\n\n${body}`.slice(0, 700)).toEqual({
          status,
          word,
        });
        expect(head).not.toMatch(/set-cookie|access-control/i);
        expect(body.length).toBeLessThan(20_000);
      },
    );
  });

  test('is none the worse for all that: nothing was submitted, nothing is left open, and it answers', async () => {
    expect(rig.project().jobs('jobqueue')).toEqual([]);
    await waitUntil(
      'connections are closed',
      () => openFiles(server.process.pid),
      (now) => now <= files + 2,
    );
    expect(server.process.stderr).toBe('');
    expect(await server.start('plain', { text: 'x' })).toEqual({ status: 'ok', created: 1 });
    failed = false;
  });
  test('says of specs that are wrong what is wrong with them', async () => {
    writeSpec(rig, 'wrong', 'Command = 1\nTimout = "1s"\n');
    writeSpec(rig, 'broken', 'Command = "');
    writeFileSync(`${rig.project().root}/jobspecs/latin1.toml`, Buffer.from([0x23, 0xff]));
    await rig.run('ln', ['-s', '/etc/passwd', `${rig.project().root}/jobspecs/link.toml`]);
    await rig.run('mkdir', [`${rig.project().root}/jobspecs/directory.toml`]);
    await rig.run('mkfifo', [`${rig.project().root}/jobspecs/pipe.toml`]);
    const messages: Record<string, unknown> = {};
    for (const name of ['wrong', 'broken', 'latin1', 'link', 'directory', 'pipe']) {
      const { error, message } = await server.start(name);
      expect(error).toBe('invalid_jobspec');
      messages[name] = message;
    }
    expect(messages).toEqual({
      wrong:
        'jobspecs/wrong.toml: unknown key "Timout" (did you mean "Timeout"?)\n' +
        'jobspecs/wrong.toml: Command is 1 (expected the program to run)',
      broken: expect.stringMatching(/^jobspecs\/broken\.toml: line 1, column \d+: /),
      latin1: 'jobspecs/latin1.toml: it is not text in UTF-8',
      link: 'jobspecs/link.toml: it is a symbolic link, not a file',
      directory: 'jobspecs/directory.toml: it is a directory, not a file',
      pipe: 'jobspecs/pipe.toml: it is a named pipe, not a file',
    });
  });
});
