import { randomBytes } from 'node:crypto';
import { type ClientRequest, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';

/** A file that is sent as a browser's form would send it. */
export interface Form {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** They stand before the file: what comes behind it S3 does not read. */
  readonly fields: Readonly<Record<string, string>>;
  readonly fileName: string;
  /** Bytes. */
  readonly size: number;
  /** Each piece may be gone when the next is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

export interface FormAnswer {
  readonly status: number;
  /** Its beginning. */
  readonly text: string;
}

/** Milliseconds without a byte in either direction after which a connection counts as cut. */
const silence = 60_000;
const longestAnswer = 64 * 1024;

/**
 * Sends a form with a file, read as it goes out, with its length told beforehand, as S3 demands. By hand, and not with
 * fetch: Node 20 keeps all of a FormData's file in memory (1.1 GB for 1 GiB), takes one of 5 GiB for one of 1 GiB, and
 * sends streams without a length.
 */
export async function sendForm(form: Form): Promise<FormAnswer> {
  const boundary = `fjr-${randomBytes(16).toString('hex')}`;
  const head = Buffer.from(
    Object.entries(form.fields)
      .map(([name, value]) => `${part(boundary, name)}\r\n\r\n${value}\r\n`)
      .join('') +
      `${part(boundary, 'file')}; filename="${quoted(form.fileName)}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const request = form.url.startsWith('https:') ? secureRequest : plainRequest;
  const sent = request(form.url, {
    method: form.method,
    headers: {
      ...withoutFraming(form.headers),
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.length + form.size + tail.length,
    },
    signal: form.signal,
    timeout: silence,
  });
  sent.on('timeout', () => sent.destroy(new Error(`nothing was heard for ${silence / 1000} s`)));
  const answer = new Promise<FormAnswer>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        if (text.length < longestAnswer) text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
  });
  // A refusal may come before all is sent, and then sending fails: the answer is what counts.
  const sending = sendBody(sent, head, form, tail);
  sending.catch(() => undefined);
  try {
    return await answer;
  } finally {
    sent.destroy();
    await sending.catch(() => undefined);
  }
}

async function sendBody(
  sent: ClientRequest,
  head: Uint8Array,
  { content, size }: Form,
  tail: Uint8Array,
): Promise<void> {
  await write(sent, head);
  let length = 0;
  for await (const piece of content) {
    length += piece.length;
    await write(sent, piece);
  }
  if (length !== size) {
    sent.destroy(new Error(`the file has ${length} bytes, and had ${size} a moment ago`));
    return;
  }
  await write(sent, tail);
  sent.end();
}

/** Until it is on its way: its memory may then be used again. */
async function write(sent: ClientRequest, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    sent.once('close', reject);
    sent.write(bytes, (error) => {
      sent.off('close', reject);
      if (error === undefined || error === null) resolve();
      else reject(error);
    });
  });
}

function part(boundary: string, name: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"`;
}

/** As browsers have it. */
function quoted(text: string): string {
  return text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function withoutFraming(headers: Readonly<Record<string, string>>): Record<string, string> {
  const ours = new Set(['content-type', 'content-length', 'transfer-encoding', 'host', 'connection']);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ours.has(name.toLowerCase())));
}
