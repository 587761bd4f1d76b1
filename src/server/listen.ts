import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FjrError } from '../job/fjr-error.js';
import type { ServerEnv } from './answers.js';

export interface Door {
  readonly listen: string;
  /** 0: any that is free. */
  readonly port: number;
  /** PEM; undefined: no TLS. */
  readonly tls: { readonly cert: Uint8Array; readonly key: Uint8Array } | undefined;
}

export interface OpenDoor {
  readonly url: string;
  /** Takes no more requests, and returns once those that are under way are answered or their time is over. */
  close(): Promise<void>;
}

/** What a client may cost. Times are milliseconds. */
const limits = {
  maxHeaderSize: 16 * 1024,
  /** From the first byte of a request to the end of its headers. */
  headersTimeout: 10_000,
  /** To the end of its body: see bodyTimeout. */
  requestTimeout: 0,
  keepAliveTimeout: 10_000,
  /** How often those are looked after. */
  connectionsCheckingInterval: 2_000,
};
/** For the body of a request, but of one that brings a file: that may take as long as bytes come. */
const bodyTimeout = 30_000;
/** Without a byte in either direction. */
const idleTimeout = 120_000;
const mostConnections = 4_000;
/** Requests that one connection has sent before it was answered. */
const mostInTurn = 16;
/** For answers that are under way when the server is told to end. */
const closingTime = 5_000;
/** Milliseconds between two looks at which connections are idle by then. */
const tidyEvery = 50;

export async function openDoor(app: Hono<ServerEnv>, { listen, port, tls }: Door): Promise<OpenDoor> {
  const server = createAdaptorServer({
    fetch: inTurn(app),
    ...(tls === undefined
      ? { createServer, serverOptions: limits }
      : { createServer: createSecureServer, serverOptions: { ...limits, ...pem(tls) } }),
  }) as Server;
  server.timeout = idleTimeout;
  server.maxConnections = mostConnections;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!bringsFile(request)) limitBody(request, response);
  });
  server.on('connect', refuseTunnel);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(cannotListen(error, listen, port));
    });
    server.listen(port, listen, resolve);
  });
  const address = server.address() as AddressInfo;
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${address.port}`,
    close: () => closeServer(server),
  };
}

/** Without this Node hangs up, and does not say why. */
function refuseTunnel(_: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => undefined);
  socket.end('HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD, POST, PUT\r\nConnection: close\r\n\r\n');
}

type FetchCallback = Parameters<typeof createAdaptorServer>[0]['fetch'];

/** Answers that a connection waits for: a client that sends without end, and reads nothing, has them all in memory. */
function inTurn(app: Hono<ServerEnv>): FetchCallback {
  const waiting = new WeakMap<Socket, number>();
  return (request, env) => {
    const { incoming, outgoing } = env;
    const { socket } = incoming;
    const before = waiting.get(socket) ?? 0;
    if (before >= mostInTurn)
      return new Response(`a connection may wait for ${mostInTurn} answers at once\n`, { status: 429 });
    waiting.set(socket, before + 1);
    outgoing.once('close', () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
    });
    return app.fetch(request, env);
  };
}

function bringsFile({ url = '' }: IncomingMessage): boolean {
  return /^\/jobs\/[^/?]+\/files\/upload\?/.test(url);
}

function limitBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined)
    return;
  const impatience = setTimeout(() => {
    const end = (): void => {
      request.destroy();
    };
    if (response.headersSent) end();
    else request.socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n', end);
  }, bodyTimeout);
  for (const event of ['end', 'close'] as const)
    request.once(event, () => {
      clearTimeout(impatience);
    });
}

function pem({ cert, key }: NonNullable<Door['tls']>): { cert: Buffer; key: Buffer } {
  return { cert: Buffer.from(cert), key: Buffer.from(key) };
}

async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const impatience = setTimeout(() => {
      server.closeAllConnections();
    }, closingTime);
    // Clients keep connections open whose last answer has just come to its end.
    const tidying = setInterval(() => {
      server.closeIdleConnections();
    }, tidyEvery);
    server.close(() => {
      clearTimeout(impatience);
      clearInterval(tidying);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function cannotListen(error: NodeJS.ErrnoException, listen: string, port: number): FjrError {
  const code = error.code ?? error.message;
  const hint = code === 'EADDRINUSE' ? 'another program has that port: choose one with --port' : undefined;
  return new FjrError('listen', `cannot listen on ${listen}, port ${port}: ${code}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}
