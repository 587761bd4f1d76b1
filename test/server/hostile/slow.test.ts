import { mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { once } from 'node:events';
import { expect } from 'vitest';
import { ini } from '../../rig/project-files.js';
import { type Rig, test } from '../../rig/rig.js';
import { TestServer } from '../../rig/server.js';
import { waitUntil } from '../../rig/wait-until.js';
import { exchange, form, get, request } from './row.js';

/** Bytes that a process has in memory. */
function memoryOf(pid: number): number {
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** A job that has ended, whose output is so large. */
function leaveLog(rig: Rig, size: number): void {
  const { root } = rig.project();
  for (const directory of ['done', 'logs']) mkdirSync(`${root}/${directory}`, { recursive: true });
  writeFileSync(`${root}/done/big@k3f9q2m4n7.conf`, ini('true'));
  writeFileSync(`${root}/logs/big@k3f9q2m4n7.conf.out`, '');
  truncateSync(`${root}/logs/big@k3f9q2m4n7.conf.out`, size);
}

/** Sends, and reads nothing of what comes. */
async function sendAndWait(url: string, bytes: Buffer): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.pause();
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

const megabyte = 1024 * 1024;

test(
  'A client that sends too slowly is told so, and others are served meanwhile',
  { timeout: 90_000 },
  async ({ rig }) => {
    const server = await TestServer.start(rig);
    const host = 'Host: 127.0.0.1\r\nConnection: close\r\n';
    const slow = [
      ...Array.from({ length: 50 }, () => `GET / HTTP/1.1\r\n${host}`),
      ...['/jobs/start', '/_jobs'].flatMap((path) => [
        request(`POST ${path}`, `Content-Type: ${form}\r\nContent-Length: 100\r\n`, 'x'),
        request(`POST ${path}`, `Content-Type: ${form}\r\nTransfer-Encoding: chunked\r\n`, '1\r\nx\r\n'),
      ]),
    ].map((bytes) => exchange(server.url, bytes));
    for (let round = 0; round < 20; round++) expect((await server.fetch('/v1/counts')).status).toBe(200);
    const answers = await Promise.all(slow);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 408));
    expect(server.process.stderr).toBe('');
    await server.stop();
  },
);

test('Clients that do not read what they asked for cost little, and nothing when they have gone', async ({
  rig,
}) => {
  leaveLog(rig, 256 * megabyte);
  const server = await TestServer.start(rig);
  const { pid } = server.process;
  await waitUntil(
    'the log is there',
    async () => (await server.fetch('/v1/jobs/big.conf/log', { method: 'HEAD' })).status,
    (status) => status === 200,
  );
  const [files, memory] = [openFiles(pid), memoryOf(pid)];
  const asked = [
    ...Array.from({ length: 40 }, () => get('/v1/jobs/big.conf/log')),
    ...Array.from({ length: 10 }, () => get('/v1/jobs/big.conf/log?follow=1')),
    ...Array.from({ length: 40 }, () => get('/v1/events')),
    // One after the other on one connection, none of which is read.
    ...Array.from({ length: 10 }, () =>
      Buffer.from('GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(2000)),
    ),
  ];
  const sockets = await Promise.all(asked.map((bytes) => sendAndWait(server.url, bytes)));
  let most = 0;
  for (let round = 0; round < 100; round++) {
    expect((await server.fetch('/v1/counts')).status).toBe(200);
    most = Math.max(most, memoryOf(pid));
  }
  expect((most - memory) / megabyte).toBeLessThan(200);
  for (const socket of sockets) socket.destroy();
  await waitUntil(
    'what was open is closed',
    () => openFiles(pid),
    (now) => now <= files + 2,
  );
  expect(server.process.stderr).toBe('');
  await server.stop();
});

test('Clients that hang up in the middle leave nothing behind, and are nobody’s bug', async ({ rig }) => {
  const server = await TestServer.start(rig);
  const { pid } = server.process;
  await server.get(1);
  const files = openFiles(pid);
  const half = 'Content-Type: multipart/form-data; boundary=border\r\nContent-Length: 100000\r\n';
  const lines = ['POST /jobs/start', 'POST /v1/jobs', 'POST /_jobs', 'POST /jobs/1/files/upload?type=output'];
  for (const line of [...lines, ...lines, ...lines]) {
    const socket = await sendAndWait(
      server.url,
      request(line, half, '--border\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nxx'),
    );
    socket.end();
    socket.resume();
    await once(socket, 'close');
  }
  for (let round = 0; round < 5; round++)
    (await sendAndWait(server.url, get('/jobs?memory=1&wait=30'))).destroy();
  await waitUntil(
    'what was open is closed',
    () => openFiles(pid),
    (now) => now <= files + 2,
  );
  expect(rig.project().jobs('jobqueue')).toEqual([]);
  expect(server.process.stderr).toBe('');
  await server.stop();
});
