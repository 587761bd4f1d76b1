import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect } from 'vitest';
import { Room } from '../../src/worker/api/room.js';
import { DecodeServer, specsOf } from '../rig/decode-server.js';
import { type Rig, test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

/** A directory with an nvidia-smi that says what it says on a host with such cards. */
function cards(rig: Rig, lines: readonly string[], { old = false } = {}): string {
  const directory = `${rig.directory}/nvidia`;
  mkdirSync(directory);
  const refuse = old
    ? `case "$*" in *compute_cap*) echo 'Field "compute_cap" is not a valid field'; exit 2;; esac`
    : '';
  writeFileSync(`${directory}/nvidia-smi`, `#!/bin/sh\n${refuse}\ncat <<END\n${lines.join('\n')}\nEND\n`);
  chmodSync(`${directory}/nvidia-smi`, 0o755);
  return `${directory}:${process.env['PATH'] ?? ''}`;
}

const two = ['0, GPU-aaaa, 24576, NVIDIA GeForce RTX 3090, 8.6', '1, GPU-bbbb, 81559, NVIDIA H100, 9.0'];

describe('A worker with GPUs', () => {
  test('tells what they are, and gives each job its own', async ({ rig }) => {
    const server = await DecodeServer.start(`${rig.directory}/server`);
    const base = [
      '--api',
      server.url,
      '--path-base',
      `${rig.directory}/base`,
      '--no-container',
      '--cpus',
      '4',
    ];
    const worker = rig.start('fjr-worker', [...base, '--timeout-job', '0.1'], {
      env: { ACCESS_TOKEN: server.token, PATH: cards(rig, two) },
    });
    await waitUntil(
      'it asks',
      () => server.offers.length,
      (count) => count > 0,
    );
    expect(server.offers[0]).toMatchObject({
      gpu_mem: '24576',
      gpu_model: 'NVIDIA GeForce RTX 3090',
      gpu_archi: 'ampere',
    });
    const hold = (name: string): string[] => [
      `echo "$CUDA_VISIBLE_DEVICES" >${rig.ledger}/${name}; until [ -e ${rig.ledger}/go ]; do sleep 0.05; done`,
    ];
    const has = async (name: string): Promise<string> =>
      waitUntil(
        `${name} runs`,
        () => (existsSync(`${rig.ledger}/${name}`) ? readFileSync(`${rig.ledger}/${name}`, 'utf8') : ''),
        (text) => text.endsWith('\n'),
      );
    server.submit('1', specsOf(hold('big'), { hardware: { gpu_mem: 40_000 } }));
    expect(await has('big')).toBe('1\n');
    server.submit('2', specsOf(hold('any'), { hardware: { gpu_archi: 'ampere' } }));
    expect(await has('any')).toBe('0\n');
    await waitUntil(
      'it has none left',
      () => server.offers.at(-1),
      (offer) => offer?.['gpu_mem'] === '0',
    );
    server.submit('3', specsOf(hold('none')));
    expect(await has('none')).toBe('\n');
    writeFileSync(`${rig.ledger}/go`, '');
    for (const id of ['1', '2', '3']) expect((await server.ended(id)).status).toBe('finished');
    server.submit('4', specsOf(['true'], { hardware: { gpu_model: 'NVIDIA A100' } }));
    expect((await server.ended('4')).words.at(-1)![1]).toBe(
      'it needs a GPU (NVIDIA A100), and this worker has none',
    );
    await worker.stop();
    await server.close();
  });

  test('tells what an older driver tells, of those alone that it was left', async ({ rig }) => {
    const server = await DecodeServer.start(`${rig.directory}/server`);
    const base = ['--api', server.url, '--path-base', `${rig.directory}/base`, '--no-container'];
    const worker = rig.start('fjr-worker', [...base, '--memory', '2G', '--timeout-job', '0.1'], {
      env: {
        ACCESS_TOKEN: server.token,
        PATH: cards(
          rig,
          two.map((line) => line.replace(/,[^,]*$/, '')),
          { old: true },
        ),
        CUDA_VISIBLE_DEVICES: 'GPU-bbbb',
      },
    });
    await waitUntil(
      'it asks',
      () => server.offers.length,
      (count) => count > 0,
    );
    expect(server.offers[0]).toMatchObject({ memory: '2048', gpu_mem: '81559', gpu_model: 'NVIDIA H100' });
    expect(server.offers[0]).not.toHaveProperty('gpu_archi');
    server.submit('1', specsOf(['echo "$CUDA_VISIBLE_DEVICES"; exit 1'], { hardware: { gpu_mem: 1 } }));
    expect((await server.ended('1')).words.at(-1)![1]).toContain('GPU-bbbb\n');
    await worker.stop();
    await server.close();
  });
});

describe('The room of a machine', () => {
  const gpu = (
    name: string,
    memory: number,
  ): { name: string; model: string; architecture: string; memory: number } => ({
    name,
    memory,
    model: `model ${name}`,
    architecture: 'ampere',
  });
  const machine = { workers: 3, cpus: 4, memory: 8 * 2 ** 30, gpus: [gpu('0', 10), gpu('1', 20)] };

  test('is what no job has, and none of it is given twice', () => {
    const room = new Room(machine);
    const small = room.take({ cpus: 1, memory: 2 ** 30, gpus: 1 }, undefined);
    expect(small?.gpus).toEqual([0]);
    expect(room.free()).toEqual({ cpus: 3, memory: 7 * 2 ** 30, gpus: 1, gpu: machine.gpus[1] });
    expect(room.take({ cpus: 1, memory: 0, gpus: 2 }, undefined)).toBeUndefined();
    const second = room.take(
      { cpus: 1, memory: 0, gpus: 1 },
      { model: null, architecture: 'ampere', memory: 20 },
    );
    expect(second?.gpus).toEqual([1]);
    room.release(small!);
    // The free ones in order, whatever was free first.
    expect(room.take({ cpus: 1, memory: 0, gpus: 1 }, undefined)?.gpus).toEqual([0]);
    room.take({ cpus: 1, memory: 0, gpus: 0 }, undefined);
    // Three at a time.
    expect(room.free()).toBeUndefined();
  });

  test('says what it could never hold', () => {
    const room = new Room(machine);
    const need = { model: null, architecture: null, memory: 0 };
    expect(room.obstacle({ cpus: 4, memory: 8 * 2 ** 30, gpus: 2 }, undefined)).toBeUndefined();
    expect(room.obstacle({ cpus: 5, memory: 0, gpus: 0 }, undefined)).toBe(
      'it needs 5 CPUs, and this worker has 4',
    );
    expect(room.obstacle({ cpus: 1, memory: 9 * 2 ** 30, gpus: 0 }, undefined)).toBe(
      'it needs 9216 MB of memory, and this worker has 8192',
    );
    expect(room.obstacle({ cpus: 1, memory: 0, gpus: 1 }, { ...need, memory: 30 })).toBe(
      'it needs a GPU (30 MB), and this worker has none',
    );
    expect(room.obstacle({ cpus: 1, memory: 0, gpus: 2 }, { ...need, memory: 20 })).toBe(
      'it needs 2 GPUs (20 MB), and this worker has 1',
    );
  });
});

/** Amazon's sign-in, as it is documented: InitiateAuth with a password. */
class UserPool {
  readonly server: Server;
  readonly asked: unknown[] = [];
  tokens = 0;

  constructor(onToken: (token: string) => void) {
    this.server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        const { AuthParameters: user, ...rest } = JSON.parse(text) as {
          AuthParameters: Record<string, string>;
        };
        this.asked.push([request.headers['x-amz-target'], rest]);
        const isRight = user['USERNAME'] === 'alice' && user['PASSWORD'] === 'p4ss "word';
        const token = `token-${++this.tokens}`;
        if (isRight) onToken(token);
        response
          .writeHead(isRight ? 200 : 400)
          .end(
            JSON.stringify(
              isRight
                ? { AuthenticationResult: { IdToken: token, ExpiresIn: 2 }, ChallengeParameters: {} }
                : { __type: 'NotAuthorizedException', message: 'Incorrect username or password.' },
            ),
          );
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }
}

describe('A worker that signs in with name and password', () => {
  test('does so as often as it takes, and says if it is not let in', async ({ rig }) => {
    const server = await DecodeServer.start(`${rig.directory}/server`);
    server.pool = { client_id: 'the-client', region: 'eu-central-1' };
    const pool = new UserPool((token) => (server.token = token));
    const env = { AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: await pool.listen() };
    const file = `${rig.directory}/.env`;
    const settings = `# DECODE\nAPI_URL=${server.url}\nUSERNAME=alice\nPASSWORD='p4ss "word'\nPATH_BASE=${rig.directory}/base\nTIMEOUT_JOB=0.1 # seconds\nTIMEOUT_STATUS=0.2\n`;
    writeFileSync(file, settings);
    const args = ['--env', file, '--no-container', '--gpus', '0'];
    const worker = rig.start('fjr-worker', args, { env });
    await worker.says(`Works for ${server.url} in ${rig.directory}/base`);
    server.submit(
      '1',
      specsOf(['until [ -e ../../ledger/go ]; do sleep 0.05; done; env | grep -c "^PASSWORD" ; exit 1']),
    );
    // Tokens are good for two seconds: half of that they are used.
    await waitUntil(
      'it has signed in again',
      () => pool.tokens,
      (count) => count >= 3,
    );
    writeFileSync(`${rig.ledger}/go`, '');
    expect((await server.ended('1')).words.at(-1)).toEqual(['error', 'exit code 1\nLogs:\n0\n']);
    expect(pool.asked[0]).toEqual([
      'AWSCognitoIdentityProviderService.InitiateAuth',
      { AuthFlow: 'USER_PASSWORD_AUTH', ClientId: 'the-client' },
    ]);
    await worker.stop();
    writeFileSync(file, settings.replace('p4ss', 'wrong'));
    expect(await rig.run('fjr-worker', args, { env })).toMatchObject({
      code: 1,
      stderr:
        'fjr-worker: cannot sign in as "alice": Incorrect username or password.\nhint: check USERNAME and PASSWORD\n',
    });
    await server.close();
    pool.server.closeAllConnections();
    pool.server.close();
  });
});

describe('The settings of such a worker', () => {
  test('are refused with a reason', async ({ rig }) => {
    writeFileSync(`${rig.directory}/bad.env`, 'API_URL=x\nnonsense\n');
    writeFileSync(`${rig.directory}/empty`, '');
    const rows: [string[], string][] = [
      [['--api'], 'no server is named\nhint: give its address with --api, or in API_URL'],
      [
        ['--api', 'fjr.example.org'],
        '--api is "fjr.example.org"\nhint: expected an address such as https://fjr.example.org',
      ],
      [
        ['--api', 'http://a:b@c'],
        'the address of the server holds a password, which ps would show\nhint: put it into USERNAME and PASSWORD',
      ],
      [['--env', 'nowhere'], '--env nowhere: ENOENT'],
      [['--env', 'bad.env'], 'bad.env, line 2: expected NAME=value'],
      [
        ['--api', 'http://c', '--token-file', 'empty'],
        'empty holds nothing\nhint: expected a token, as fjr token add shows it',
      ],
      [['--api', 'http://c', '--gpus', 'two'], '--gpus is "two"\nhint: expected a whole number, at least 0'],
      [['--api', 'http://c', '--cache', 'much'], '--cache is "much"\nhint: expected a size such as 16G'],
      [
        ['--api', 'http://c', '--path-host-base', '/a:b'],
        'PATH_HOST_BASE is "/a:b"\nhint: expected a directory without a colon, which the container engine takes for the end of it',
      ],
      [
        ['--api', 'http://c', '--timeout-job', '0'],
        '--timeout-job is "0"\nhint: expected a number, at least 0.1',
      ],
    ];
    for (const [args, message] of rows)
      expect(await rig.run('fjr-worker', args)).toEqual({
        code: 2,
        stdout: '',
        stderr: `fjr-worker: ${message}\n`,
      });
  });
});
