import { connect } from 'node:net';

/** What a hostile or broken client sends, byte for byte, and how it is answered. */
export interface Row {
  readonly title: string;
  readonly bytes: string | Buffer;
  readonly status: number;
  /** The word of the refusal, as `wordOf` tells it; undefined: Node's own answer, or one without a body. */
  readonly word: string | undefined;
}

export function row(title: string, bytes: string | Buffer, status: number, word?: string): Row {
  return { title, bytes, status, word };
}

const hostLines = 'Host: 127.0.0.1\r\nConnection: close\r\n';

export function request(line: string, headers = '', body: string | Buffer = ''): Buffer {
  return Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\n${hostLines}${headers}\r\n`), Buffer.from(body)]);
}

export function get(path: string, headers = ''): Buffer {
  return request(`GET ${path}`, headers);
}

export const form = 'application/x-www-form-urlencoded';
export const inParts = 'multipart/form-data; boundary=border';

/** A request with a body, whose length is told. `type`: its Content-Type; '': none. */
export function send(line: string, body: string | Buffer, type = 'application/json', headers = ''): Buffer {
  const typeLine = type === '' ? '' : `Content-Type: ${type}\r\n`;
  return request(line, `${typeLine}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n`, body);
}

/** One part of a form in parts; `disposition`: what stands behind `form-data`. */
export function part(disposition: string, content: string): string {
  return `--border\r\nContent-Disposition: form-data${disposition}\r\n\r\n${content}\r\n`;
}

export const lastBorder = '--border--\r\n';

/** A title that a terminal can show. */
export function shown(text: string, length = 40): string {
  return JSON.stringify(text.slice(0, length)).replaceAll(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** All that comes back until the server hangs up. `from`: the address that the client has. */
export async function exchange(url: string, bytes: string | Buffer, from = '127.0.0.1'): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ port: Number(port), host: hostname, localAddress: from }, () =>
      socket.write(bytes),
    );
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    // A server that has heard enough resets the connection.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(read(text)));
  });
}

function read(text: string): Answer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0),
    head,
    // One piece, as all refusals are sent.
    body: /^transfer-encoding: chunked/im.test(head)
      ? body.replace(/^[0-9a-f]+\r\n/, '').replace(/\r\n0$/, '')
      : body,
  };
}

interface Refusal {
  /** jobmgr's. */
  readonly error?: string;
  /** Of /v1. */
  readonly code?: string;
  /** Of workers' routes: a sentence, or what is wrong with each value. */
  readonly detail?: string | readonly { readonly type: string; readonly loc: readonly (string | number)[] }[];
}

/** `unknown_job`, `Job not found`, or `missing query.memory`. */
export function wordOf({ body }: Answer): string | undefined {
  if (!body.startsWith('{')) return undefined;
  const { error, code, detail } = JSON.parse(body) as Refusal;
  if (error !== undefined || code !== undefined) return error ?? code;
  if (typeof detail === 'string') return detail;
  return detail?.map(({ type, loc }) => `${type} ${loc.join('.')}`).join(', ');
}
