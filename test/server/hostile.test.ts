import { readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Rig } from '../rig/rig.js';
import { TestServer, parameter, writeShellSpec, writeSpec } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';
import { rows } from './hostile-rows.js';

/** All that comes back until the server hangs up. */
async function exchange(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    // A server that has heard enough resets the connection.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
}

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

  test.each(rows)('answers $title with $status $error', async ({ bytes, status, error }) => {
    const answer = await exchange(server.url, bytes);
    expect(statusOf(answer), answer.slice(0, 500)).toBe(status);
    const [, word] = /\r\n\r\n(?:[0-9a-f]+\r\n)?\{"status":"error","error":"(\w+)"/.exec(answer) ?? [];
    expect(word, answer.slice(0, 500)).toBe(error);
    expect(answer).not.toMatch(/set-cookie/i);
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

  test('hangs up on who sends too slowly, and serves others meanwhile', { timeout: 60_000 }, async () => {
    const slow = Array.from({ length: 50 }, () =>
      exchange(server.url, 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n'),
    );
    expect((await server.fetch('/')).status).toBe(200);
    const answers = await Promise.all(slow);
    expect(new Set(answers.map(statusOf))).toEqual(new Set([408]));
  });
});
