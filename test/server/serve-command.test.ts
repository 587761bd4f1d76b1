import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { describe, expect } from 'vitest';
import { onPath } from '../rig/on-path.js';
import { type Rig, test } from '../rig/rig.js';
import { TestServer } from '../rig/server.js';

function certificate(rig: Rig): { cert: string; key: string } {
  const [cert, key] = [`${rig.directory}/cert.pem`, `${rig.directory}/key.pem`];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const form = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', [...form, '-keyout', key, '-out', cert, '-days', '2', ...subject], {
    stdio: 'ignore',
  });
  return { cert, key };
}

function hasOpenssl(): boolean {
  try {
    return onPath('openssl') !== '';
  } catch {
    return false;
  }
}

describe('fjr serve', () => {
  test('refuses to be reached by more than its user may have thought of', async ({ rig }) => {
    const readable = '--listen';
    const rows: [string[], string, string][] = [
      [
        [readable, '0.0.0.0'],
        'on 0.0.0.0 tokens would go over the network for everybody to read',
        'give --tls-cert and --tls-key; or --insecure-listen, where something in front of it does TLS',
      ],
      [
        [readable, '::', '--no-auth', '--insecure-listen'],
        '--no-auth lets everybody in who reaches ::',
        'listen on 127.0.0.1, or make tokens: fjr token add NAME --scope read,submit',
      ],
      [
        [readable, 'example.org'],
        'on example.org tokens would go over the network for everybody to read',
        'give --tls-cert and --tls-key; or --insecure-listen, where something in front of it does TLS',
      ],
      [['--tls-cert', 'x'], '--tls-cert and --tls-key go together', 'give both'],
      [['--port', '1', '--port', '2'], '--port is given 2 times', 'give it once'],
      [['--port', '70000'], '--port is 70000', 'expected at most 65535'],
      [['--port', 'http'], '--port is "http"', 'expected a number, at least 0'],
      [['--keep', '30'], '--keep is "30"', 'expected a duration such as 30d or 12h'],
    ];
    for (const [args, message, hint] of rows)
      expect(await rig.run('fjr', ['serve', ...args])).toEqual({
        code: 2,
        stdout: '',
        stderr: `fjr: ${message}\nhint: ${hint}\n`,
      });
  });

  test('says when another has its port', async ({ rig }) => {
    const server = await TestServer.start(rig);
    const { port } = new URL(server.url);
    expect(await rig.run('fjr', ['serve', '--port', port])).toEqual({
      code: 1,
      stdout: '',
      stderr: `fjr: cannot listen on 127.0.0.1, port ${port}: EADDRINUSE\nhint: another program has that port: choose one with --port\n`,
    });
    await server.stop();
  });

  test.skipIf(!hasOpenssl())('speaks TLS', async ({ rig }) => {
    const { cert, key } = certificate(rig);
    const server = await TestServer.start(rig, ['--tls-cert', cert, '--tls-key', key]);
    expect(server.url).toMatch(/^https:/);
    const { readFileSync } = await import('node:fs');
    const text = await new Promise<string>((resolve, reject) => {
      get(server.url, { ca: readFileSync(cert), agent: false }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      }).on('error', reject);
    });
    expect(text).toBe('{"message":"fjr: jobs over HTTP"}\n');
    await server.stop();
  });

  test('understands of the configuration of jobmgr what applies, and names the rest', async ({ rig }) => {
    const { root } = rig.project();
    mkdirSync(`${root}/elsewhere`, { recursive: true });
    writeFileSync(`${root}/elsewhere/there.toml`, 'Command = "true"\n');
    writeFileSync(
      `${root}/config.toml`,
      `[Database]
Host = "localhost"
Username = "jobmgr"
Password = "secret"
Database = "jobmgr"
[AWS]
AccessKeyID = "x"
[Sever]
[Server]
Listen = "::1"
Portt = 1
JobSpecs = "elsewhere"
`,
    );
    const server = await TestServer.start(rig, ['--no-auth', '--listen', '127.0.0.1']);
    expect(server.process.stderr.split('\n')).toEqual([
      `fjr: ${root}/config.toml: [Database] does not apply: the queue is the project's directory`,
      `fjr: ${root}/config.toml: unknown "Sever" is passed over (did you mean "Server"?)`,
      `fjr: ${root}/config.toml: unknown "Portt" in [Server] is passed over (did you mean "Port"?)`,
      `fjr: ${root}/config.toml: [AWS] does not apply: it names no ArtifactsBucket, so artifacts stay in the project's directory`,
      '',
    ]);
    expect(await server.start('there')).toEqual({ status: 'ok', created: 1 });
    await server.stop();
  });

  test('refuses a configuration that it cannot go by', async ({ rig }) => {
    const file = `${rig.directory}/config.toml`;
    const rows: [string, string][] = [
      [
        '[Server]\nPort = "x"\n',
        `${file}: Port in [Server] is "x"\nhint: expected a number from 0 to 65535\n`,
      ],
      [
        '[Server]\nListen = 1\n',
        `${file}: Listen in [Server] is 1\nhint: expected an address such as "127.0.0.1"\n`,
      ],
      ['[Server\n', `${file}: line 1, column 8: it is not TOML\n`],
    ];
    for (const [content, complaint] of rows) {
      writeFileSync(file, content);
      const { code, stderr } = await rig.run('fjr', ['serve', '--config', file]);
      expect({ code, stderr }).toEqual({ code: 2, stderr: `fjr: ${complaint}` });
    }
  });
});
