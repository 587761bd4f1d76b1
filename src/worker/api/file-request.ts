/** DECODE's FileHTTPRequest: a request for a file that is made exactly as it says. */
export interface FileRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Fields of a form. */
  readonly data: Readonly<Record<string, string>>;
}

/** `base`: what a URL without a host is meant from. Throws TypeError. */
export function readFileRequest(value: unknown, base: string): FileRequest {
  const { method, url, headers, data } = (value ?? {}) as Partial<Record<keyof FileRequest, unknown>>;
  if (typeof method !== 'string' || typeof url !== 'string' || !URL.canParse(url, base))
    throw new TypeError('the server describes no request for the file');
  const whole = new URL(url, base);
  if (whole.protocol !== 'http:' && whole.protocol !== 'https:')
    throw new TypeError(`the server asks for ${whole.protocol} where http: or https: is expected`);
  return { method: method.toUpperCase(), url: whole.href, headers: texts(headers), data: texts(data) };
}

function texts(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, text]) => typeof text === 'string' || typeof text === 'number')
      .map(([name, text]) => [name, String(text)]),
  );
}
