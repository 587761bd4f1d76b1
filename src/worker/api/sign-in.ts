import { FjrError } from '../../job/fjr-error.js';
import { shorten } from '../../job/shorten.js';

/** Where tokens come from. */
export interface SignIn {
  /** The present token. */
  token(signal: AbortSignal): Promise<string>;
  /** A server has refused that one. False: there is no other to be had. */
  renew(refused: string): boolean;
}

/** A token that somebody gave us. `read`: it may be another by now. */
export class GivenToken implements SignIn {
  readonly #read: () => string;
  #token: string;

  constructor(read: () => string) {
    this.#read = read;
    this.#token = read();
  }

  async token(): Promise<string> {
    return Promise.resolve(this.#token);
  }

  renew(refused: string): boolean {
    this.#token = this.#read();
    return this.#token !== refused;
  }
}

/** What a server says of the user pool that its users are in. */
export interface UserPool {
  readonly clientId: string;
  readonly region: string;
}

export interface CognitoOptions {
  readonly pool: UserPool;
  readonly username: string;
  readonly password: string;
  /** Undefined: Amazon's own. */
  readonly endpoint: string | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Seconds before its end in which a token is no longer used. */
const margin = 300;

/** Amazon's user pools: name and password for a token that is good for an hour or so. */
export class CognitoSignIn implements SignIn {
  readonly #options: CognitoOptions;
  #token = '';
  /** Monotonic milliseconds. */
  #usableUntil = -Infinity;
  #asking: Promise<string> | undefined;

  constructor(options: CognitoOptions) {
    this.#options = options;
  }

  async token(signal: AbortSignal): Promise<string> {
    if (this.#options.now() < this.#usableUntil) return this.#token;
    // All who need a token wait for the same one.
    this.#asking ??= this.#ask(signal).finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  renew(refused: string): boolean {
    if (refused === this.#token) this.#usableUntil = -Infinity;
    return true;
  }

  async #ask(signal: AbortSignal): Promise<string> {
    const { pool, username, password, endpoint, now } = this.#options;
    const response = await fetch(endpoint ?? `https://cognito-idp.${pool.region}.amazonaws.com/`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': 'AWSCognitoIdentityProviderService.InitiateAuth',
      },
      body: JSON.stringify({
        AuthFlow: 'USER_PASSWORD_AUTH',
        ClientId: pool.clientId,
        AuthParameters: { USERNAME: username, PASSWORD: password },
      }),
      signal,
    });
    const answer = (await response.json()) as CognitoAnswer;
    // Too many requests, or its own fault: whoever asks tries again.
    if (response.status >= 500 || answer.__type?.includes('TooManyRequests') === true)
      throw new TypeError(`Cognito answers ${response.status}`);
    const { IdToken: token, ExpiresIn: seconds = 3600 } = answer.AuthenticationResult ?? {};
    if (token === undefined) throw cannotSignIn(username, answer);
    this.#token = token;
    this.#usableUntil = now() + Math.max(seconds - margin, seconds / 2) * 1000;
    return token;
  }
}

interface CognitoAnswer {
  readonly AuthenticationResult?: { readonly IdToken?: string; readonly ExpiresIn?: number };
  readonly ChallengeName?: string;
  readonly __type?: string;
  readonly message?: string;
}

function cannotSignIn(
  username: string,
  { ChallengeName, __type = '', message = '' }: CognitoAnswer,
): FjrError {
  const why =
    ChallengeName === undefined
      ? shorten(message === '' ? __type : message)
      : `Cognito asks for ${shorten(ChallengeName)}`;
  return new FjrError('sign-in', `cannot sign in as "${username}": ${why}`, {
    hint:
      ChallengeName === undefined
        ? 'check USERNAME and PASSWORD'
        : 'sign in once in a browser, and answer there what is asked',
  });
}
