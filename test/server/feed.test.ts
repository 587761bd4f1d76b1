import { createHmac } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect } from 'vitest';
import { ini } from '../rig/project-files.js';
import { type Rig, test } from '../rig/rig.js';
import { TestServer, writeControlledSpec, writeShellSpec } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

interface Heard {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly name?: string; readonly id?: string; readonly outcome?: string | null };
}

/** A client that reads a stream of events, and knows how to resume it. */
class Listener {
  readonly heard: Heard[] = [];
  lastId = '';
  readonly #stop = new AbortController();
  status = 0;

  static async open(server: TestServer, query = '', lastId = ''): Promise<Listener> {
    const listener = new Listener();
    const headers = lastId === '' ? {} : { 'Last-Event-ID': lastId };
    const response = await server.fetch(`/v1/events${query}`, { headers, signal: listener.#stop.signal });
    listener.status = response.status;
    void listener.#read(response.body!.pipeThrough(new TextDecoderStream())).catch(() => undefined);
    return listener;
  }

  close(): void {
    this.#stop.abort();
  }

  names(type: string): string[] {
    return this.heard.filter((event) => event.type === type).map(({ data }) => data.name ?? '');
  }

  async hears(type: string, name: string): Promise<Heard> {
    const find = (): Heard | undefined =>
      this.heard.find((event) => event.type === type && event.data.name === name);
    await waitUntil(
      `${type} of ${name} is heard`,
      () => this.heard,
      () => find() !== undefined,
    );
    return find()!;
  }

  async #read(stream: ReadableStream<string>): Promise<void> {
    let text = '';
    for await (const chunk of stream) {
      const blocks = (text + chunk).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) this.#hear(block);
    }
  }

  #hear(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => /^(\w*): (.*)$/.exec(line)?.slice(1, 3) as [string, string]),
    );
    this.lastId = fields.get('id') ?? this.lastId;
    const data = fields.get('data');
    if (data === undefined) return;
    const event = {
      id: this.lastId,
      type: fields.get('event') ?? '',
      data: JSON.parse(data) as Heard['data'],
    };
    this.heard.push(event);
  }
}

interface Delivery {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A receiver of webhooks that answers as the test says. */
class Receiver {
  readonly deliveries: Delivery[] = [];
  /** 0: never. */
  status = 200;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        this.deliveries.push({ headers: request.headers, body });
        if (this.status === 0) return;
        response.writeHead(this.status, this.status === 302 ? { Location: this.url } : {}).end();
      });
    });
  }

  static async open(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  names(): string[] {
    return this.deliveries.map(({ body }) => (JSON.parse(body) as Heard).data.name ?? '');
  }

  async hears(count: number): Promise<void> {
    await waitUntil(
      `${count} messages have come`,
      () => this.names(),
      (names) => names.length >= count,
      40,
    );
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

const secret = Buffer.from('0123456789abcdef0123456789abcdef');

function writeWebhook(rig: Rig, url: string, rest = ''): void {
  const { root } = rig.project();
  const line = `[[Webhook]]\nURL = "${url}"\nSecret = "whsec_${secret.toString('base64')}"\n${rest}`;
  writeFileSync(`${root}/config.toml`, line);
}

async function kill(server: TestServer): Promise<void> {
  process.kill(server.process.pid, 'SIGKILL');
  await waitUntil(
    'the server is dead',
    () => server.process.exit,
    (exit) => exit !== undefined,
  );
}

describe('the stream of events', () => {
  test('tells of a job from its submission to its end, and of nothing else to who asks for one', async ({
    rig,
  }) => {
    writeControlledSpec(rig, 'runs');
    const server = await TestServer.start(rig);
    const all = await Listener.open(server);
    const one = await Listener.open(server, '?job=runs-2.json&types=job.done,job.failed');
    const { jobs } = rig;
    await server.start('runs');
    await all.hears('job.waiting', 'runs-1.json');
    await server.hire();
    const job = await jobs.started('runs-1.json');
    await all.hears('job.running', 'runs-1.json');
    job.exit(3);
    expect((await all.hears('job.failed', 'runs-1.json')).data.outcome).toBe('exit code 3');
    await server.start('runs');
    (await jobs.started('runs-2.json')).exit(0);
    await one.hears('job.done', 'runs-2.json');
    expect(one.heard.map(({ type }) => type).filter((type) => type !== 'counts')).toEqual(['job.done']);
    await all.hears('job.done', 'runs-2.json');
    await waitUntil(
      'the crew is told of',
      () => all.heard.map(({ type }) => type),
      (types) => types.includes('crew.joined'),
    );
    expect(all.heard[0]!.type).toBe('counts');
    for (const listener of [all, one]) listener.close();
    await server.stop();
  });

  test('goes on where it broke off: with the same server without doubles', async ({ rig }) => {
    writeShellSpec(rig, 'plain', 'true');
    const server = await TestServer.start(rig);
    await server.hire();
    const first = await Listener.open(server);
    await server.start('plain');
    await first.hears('job.done', 'plain-1.json');
    first.close();
    await server.run('plain');
    await server.run('plain');
    const second = await Listener.open(server, '?types=job.done', first.lastId);
    await second.hears('job.done', 'plain-3.json');
    expect(second.names('job.done')).toEqual(['plain-2.json', 'plain-3.json']);
    second.close();
    await server.stop();
  });

  test('goes on with the next server after one was killed, and with another one, and nothing is lost', async ({
    rig,
  }) => {
    writeShellSpec(rig, 'plain', 'true');
    const server = await TestServer.start(rig);
    const other = await TestServer.start(rig);
    await other.hire();
    const first = await Listener.open(server);
    await server.run('plain');
    await first.hears('job.done', 'plain-1.json');
    await kill(server);
    const ended = [];
    for (let n = 2; n <= 6; n++) ended.push((await other.run('plain')).job!.id);
    const next = await TestServer.start(rig);
    for (const resumed of [other, next]) {
      const listener = await Listener.open(resumed, '?types=job.done', first.lastId);
      for (const id of ended) await listener.hears('job.done', `plain-${id}.json`);
      expect(listener.heard.every(({ type }) => type !== 'reset')).toBe(true);
      listener.close();
    }
    await next.stop();
    await other.stop();
  });

  test('begins anew for who says something that no server has said, and refuses unknown types', async ({
    rig,
  }) => {
    writeShellSpec(rig, 'plain', 'true');
    const server = await TestServer.start(rig);
    const listener = await Listener.open(server, '', 'yesterday');
    await waitUntil(
      'it is heard',
      () => listener.heard.map(({ type }) => type),
      (types) => types.length >= 2,
    );
    expect(listener.heard.slice(0, 2).map(({ type }) => type)).toEqual(['reset', 'counts']);
    expect((await server.fetch('/v1/events?types=job.done,lunch')).status).toBe(400);
    listener.close();
    await server.stop();
  });
});

describe('a client that waits for a job', () => {
  test('is answered when it ends, when the time is up, and when there is no such job', async ({ rig }) => {
    writeControlledSpec(rig, 'runs');
    const server = await TestServer.start(rig);
    const { jobs } = rig;
    await server.hire();
    await server.start('runs');
    const job = await jobs.started('runs-1.json');
    const ask = async (query: string): Promise<unknown> => (await server.fetch(`/jobs/get?${query}`)).json();
    expect(await ask('id=1&wait=100ms')).toMatchObject({ job: { status: 'started' } });
    const answer = ask('id=1&wait=1m');
    job.exit(0);
    expect(await answer).toMatchObject({ job: { status: 'completed' } });
    expect(await ask('id=9&wait=1m')).toMatchObject({ error: 'unknown_job' });
    expect(await ask('id=1&wait=soon')).toMatchObject({ error: 'invalid_params' });
    await server.stop();
  });
});

describe('a webhook', () => {
  test('is signed, and sent for the jobs that were asked for', async ({ rig }) => {
    writeShellSpec(rig, 'plain', 'true');
    writeShellSpec(rig, 'fails', 'exit 2');
    const receiver = await Receiver.open();
    writeWebhook(rig, receiver.url, 'Events = ["job.failed"]\nJobs = ["fa*.json"]\n');
    const server = await TestServer.start(rig);
    await server.hire();
    await server.run('plain');
    await server.run('fails');
    await receiver.hears(1);
    const { headers, body } = receiver.deliveries[0]!;
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    const signature = createHmac('sha256', secret).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signature}`);
    expect(JSON.parse(body)).toMatchObject({
      type: 'job.failed',
      data: { name: 'fails-2.json', state: 'failed', outcome: 'exit code 2' },
    });
    await server.stop();
    expect(receiver.names()).toEqual(['fails-2.json']);
    receiver.close();
  });

  test('is tried again under the same id until it is taken, follows no redirect, and holds nothing up', async ({
    rig,
  }) => {
    writeShellSpec(rig, 'plain', 'true');
    const receiver = await Receiver.open();
    receiver.status = 302;
    writeWebhook(rig, receiver.url);
    const server = await TestServer.start(rig);
    await server.hire();
    await server.run('plain');
    await receiver.hears(1);
    await server.process.says('it answered 302; it is tried again for a day');
    receiver.status = 200;
    await receiver.hears(2);
    await server.process.says('it answers again');
    const ids = receiver.deliveries.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(1);
    await server.stop();
    receiver.close();
  });

  test('reaches its receiver for every job, though the server was killed and the receiver was away', async ({
    rig,
  }) => {
    writeShellSpec(rig, 'plain', 'true');
    const receiver = await Receiver.open();
    receiver.status = 0;
    writeWebhook(rig, receiver.url);
    const server = await TestServer.start(rig);
    await waitUntil(
      'it is written down where it begins',
      () => readdirSync(`${rig.project().root}/server/webhooks`),
      (names) => names.length === 1,
    );
    await server.hire();
    await server.run('plain');
    await receiver.hears(1);
    await kill(server);
    rig.project().submit('meanwhile.conf', ini('true'));
    await waitUntil(
      'a job ends meanwhile',
      () => rig.project().jobs('done'),
      (done) => done.includes('meanwhile.conf'),
    );
    receiver.status = 200;
    const next = await TestServer.start(rig);
    await waitUntil(
      'all is told',
      () => receiver.names().slice(1).sort(),
      (names) => names.includes('meanwhile.conf') && names.includes('plain-1.json'),
    );
    await next.stop();
    for (const member of server.staff) await member.stop();
    receiver.close();
  });

  test('is not sent any more to who answers 410, also by the next server', async ({ rig }) => {
    writeShellSpec(rig, 'plain', 'true');
    const receiver = await Receiver.open();
    receiver.status = 410;
    writeWebhook(rig, receiver.url);
    const server = await TestServer.start(rig);
    await server.hire();
    await server.run('plain');
    await server.process.says('it has answered 410 (gone)');
    await server.stop();
    const next = await TestServer.start(rig);
    await next.process.says('it has answered 410 (gone)');
    await next.hire();
    await next.run('plain');
    await next.stop();
    expect(receiver.names()).toEqual(['plain-1.json']);
    receiver.close();
  });
});
