import busboy from 'busboy';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

/** How a form with a file was read. */
export type Upload<T> =
  { readonly kind: 'received'; readonly taken: T } | { readonly kind: 'refused'; readonly reason: string };

/** Names of drafts, which nobody would find. */
function isPassedOver(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.draft');
}

/** Takes the file `file` out of a form, as it comes; `take` is called once, with its name. */
export async function receiveUpload<T>(
  request: IncomingMessage,
  take: (name: string, content: Readable) => Promise<T>,
): Promise<Upload<T>> {
  const form = parserFor(request.headers);
  if (form === undefined)
    return { kind: 'refused', reason: 'expected multipart/form-data with a file named "file"' };
  return new Promise((resolve, reject) => {
    let taken: Promise<T> | undefined;
    const refuse = (reason: string): void => {
      request.unpipe(form);
      request.resume();
      resolve({ kind: 'refused', reason });
    };
    form.on('file', (field, content, { filename }) => {
      const name: unknown = filename;
      // The form tells it, too; a stream that nobody listens to would end the process.
      content.on('error', () => undefined);
      if (field !== 'file' || taken !== undefined) {
        content.resume();
      } else if (typeof name !== 'string' || !isFileName(name)) {
        content.resume();
        refuse('the file has no name that a file could have');
      } else {
        taken = take(name, content);
        const stop = (): void => {
          request.unpipe(form);
          request.resume();
        };
        // The parser waits for its reader: one that wants no more must end the reading.
        taken.then(
          (value) => {
            stop();
            resolve({ kind: 'received', taken: value });
          },
          (error: unknown) => {
            stop();
            reject(error instanceof Error ? error : new Error(String(error)));
          },
        );
      }
    });
    form.on('error', () => {
      refuse('the form is cut short or broken');
    });
    form.on('close', () => {
      if (taken === undefined) refuse('expected a file named "file"');
    });
    request.on('aborted', () => {
      form.destroy(new Error('the client has gone'));
    });
    request.pipe(form);
  });
}

function parserFor(headers: IncomingHttpHeaders): busboy.Busboy | undefined {
  try {
    // Only the last part of a name with directories is one.
    return busboy({ headers, defParamCharset: 'utf8', limits: { fields: 100, files: 1, parts: 101 } });
  } catch {
    return undefined;
  }
}

function isFileName(name: string): boolean {
  const isSpecial = name === '' || name === '.' || name === '..' || isPassedOver(name);
  return !isSpecial && !/[/\0]/.test(name) && Buffer.byteLength(name) <= 255;
}
