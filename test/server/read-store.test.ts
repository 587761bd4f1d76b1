import { describe, expect, test } from 'vitest';
import { FjrError } from '../../src/job/fjr-error.js';
import { readConfig } from '../../src/server/config-file.js';
import { describeRefusal } from '../../src/server/stores/describe-refusal.js';
import { objectKey } from '../../src/server/stores/object-key.js';
import { partSizeOf } from '../../src/server/stores/large-uploads.js';
import { type StoreSettings, readCredentials } from '../../src/server/stores/store-settings.js';

function read(toml: string): { store: StoreSettings | undefined; remarks: string[] } {
  const remarks: string[] = [];
  const { store } = readConfig(toml, 'c.toml', (line) => remarks.push(line));
  return { store, remarks };
}

function complaint(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof FjrError) return `${error.message} | ${error.hint ?? ''}`;
    throw error;
  }
  return 'none';
}

const noKeys = { id: undefined, secret: undefined, idEnv: undefined, secretEnv: undefined };
const jobmgrs = `[AWS]
AccessKeyID = "AKIA"
SecretAccessKey = "s3cret"
Region = "eu-west-1"
ArtifactsBucket = "jobmgr-artifacts"
`;

describe('config.toml', () => {
  test('of jobmgr names a store of Amazon', () => {
    expect(read(jobmgrs)).toEqual({
      store: {
        ...{ endpoint: undefined, publicEndpoint: undefined, bucket: 'jobmgr-artifacts', prefix: '' },
        ...{ region: 'eu-west-1', pathStyle: false, keys: { ...noKeys, id: 'AKIA', secret: 's3cret' } },
      },
      remarks: [],
    });
  });

  test('says in a section of its own what jobmgr has no words for', () => {
    const toml = `[Store]
Endpoint = "https://s3.example.org/"
PublicEndpoint = "https://files.example.org/"
Bucket = "artifacts"
Prefix = "lab/fjr/"
AccessKeyIDEnv = "ID"
SecretAccessKeyEnv = "SECRET"
`;
    const store = {
      ...{ endpoint: 'https://s3.example.org', publicEndpoint: 'https://files.example.org' },
      ...{ bucket: 'artifacts', prefix: 'lab/fjr', region: 'us-east-1', pathStyle: true },
      keys: { ...noKeys, idEnv: 'ID', secretEnv: 'SECRET' },
    };
    expect(read(toml)).toEqual({ store, remarks: [] });
    // It counts, and [AWS] says the rest; keys go together.
    expect(read(`${toml}${jobmgrs}`).store).toEqual({ ...store, region: 'eu-west-1' });
    expect(read(`[Store]\nEndpoint = "http://[::1]:9000"\n${jobmgrs}`).store).toMatchObject({
      ...{
        endpoint: 'http://[::1]:9000',
        bucket: 'jobmgr-artifacts',
        keys: { id: 'AKIA', secret: 's3cret' },
      },
    });
  });

  test('without a bucket leaves artifacts where they are', () => {
    const empty = jobmgrs.replace('jobmgr-artifacts', '').replace('Region', 'Zone');
    expect(read(empty)).toEqual({
      store: undefined,
      remarks: [
        'c.toml: unknown "Zone" in [AWS] is passed over',
        "c.toml: [AWS] does not apply: it names no ArtifactsBucket, so artifacts stay in the project's directory",
      ],
    });
  });

  const endpoint = 'expected an address such as "https://s3.example.org"';
  test.each([
    ['', '[Store] has no Bucket | expected a name of 3 to 63 letters, digits, dots, hyphens and underscores'],
    ['Bucket = "b/c"', 'Bucket in [Store] is "b/c" | expected a name of 3 to 63 letters'],
    ['Bucket = 7', 'Bucket in [Store] is 7 | expected a name'],
    ['Bucket = "abc"', '[Store] has no Region | give it, or the Endpoint of a store of another make'],
    ['Bukket = "abc"', 'there is no key "Bukket" in [Store] | did you mean "Bucket"?'],
    ['Colour = "abc"', 'there is no key "Colour" in [Store] | expected Endpoint, PublicEndpoint, Bucket'],
    ['Endpoint = "s3.example.org"', `Endpoint in [Store] is "s3.example.org" | ${endpoint}`],
    ['Endpoint = "ftp://s3.example.org"', `Endpoint in [Store] is "ftp://s3.example.org" | ${endpoint}`],
    ['Endpoint = "https://u:p@s3.org"', `Endpoint in [Store] is "https://u:p@s3.org" | ${endpoint}`],
    ['Endpoint = "https://s3.org/?a=b"', `Endpoint in [Store] is "https://s3.org/?a=b" | ${endpoint}`],
    ['Bucket = "abc"\nRegion = "a b"', 'Region in [Store] is "a b" | expected a name such as "eu-central-1"'],
    [
      'Bucket = "abc"\nRegion = "r"\nPathStyle = "yes"',
      'PathStyle in [Store] is "yes" | expected true or false',
    ],
    [
      'Bucket = "abc"\nRegion = "r"\nPrefix = "a//b"',
      'Prefix in [Store] is "a//b" | expected a path such as',
    ],
    [
      'Bucket = "abc"\nRegion = "r"\nPrefix = "../b"',
      'Prefix in [Store] is "../b" | expected a path such as',
    ],
    [
      'Bucket = "abc"\nRegion = "r"\nSecretAccessKey = 12345',
      'SecretAccessKey in [Store] is no text | expected a text',
    ],
    [
      'Bucket = "abc"\nRegion = "r"\nAccessKeyID = "a"\nAccessKeyIDEnv = "b"',
      '[Store] has both AccessKeyID and AccessKeyIDEnv | give one of them',
    ],
  ])('that says %j is refused', (lines, expected) => {
    const said = complaint(() => read(`[Store]\n${lines}\n`));
    expect(said).toContain(`c.toml: ${expected}`);
  });

  test('whose section is none is refused', () => {
    expect(complaint(() => read('Store = "abc"\n'))).toBe(
      'c.toml: [Store] is no section | write [Store] and its keys below',
    );
    expect(complaint(() => read('[[AWS]]\nRegion = "r"\n'))).toContain('c.toml: [AWS] is no section');
  });
});

describe('credentials', () => {
  const environment: Readonly<Record<string, string>> = {
    ...{ ID: 'id', SECRET: 'secret', EMPTY: '' },
    ...{ AWS_ACCESS_KEY_ID: 'usual', AWS_SECRET_ACCESS_KEY: 'known', AWS_SESSION_TOKEN: 'token' },
  };
  const from = (keys: Partial<StoreSettings['keys']>, env = environment): unknown => {
    const store = read('[Store]\nBucket = "abc"\nRegion = "r"\n').store!;
    return readCredentials({ ...store, keys: { ...noKeys, ...keys } }, (name) => env[name]);
  };

  test('are those of the file, of the variables it names, or of those that all tools know', () => {
    expect(from({ id: 'a', secret: 'b' })).toEqual({ accessKeyId: 'a', secretAccessKey: 'b' });
    expect(from({ id: 'a', secretEnv: 'SECRET' })).toEqual({ accessKeyId: 'a', secretAccessKey: 'secret' });
    expect(from({})).toEqual({ accessKeyId: 'usual', secretAccessKey: 'known', sessionToken: 'token' });
    // The client looks elsewhere then.
    expect(from({}, {})).toBe(undefined);
  });

  test.each([
    [{ id: 'a' }, 'it has an AccessKeyID and no SecretAccessKey'],
    [{ secret: 'a' }, 'it has a SecretAccessKey and no AccessKeyID'],
    [{ idEnv: 'ID', secretEnv: 'EMPTY' }, 'the variable EMPTY is not set'],
  ])('of which half is missing are refused', (keys, expected) => {
    expect(complaint(() => from(keys))).toContain(
      `the store with the bucket "abc" cannot be used: ${expected}`,
    );
  });
});

test.each([
  ['a/b c.txt', 'fjr/default/j@t/artifacts/a/b c.txt'],
  ['日本', 'fjr/default/j@t/artifacts/日本'],
  ['a\nb', `fjr/default/j@t/named-by-digest/${'0'.repeat(64)}`],
])('the artifact %j has a key of its own', (name, key) => {
  const made = objectKey('fjr', 'default', 'j@t', name);
  expect(made.replace(/[0-9a-f]{64}$/, 'x')).toBe(key.replace(/[0-9a-f]{64}$/, 'x'));
  expect(objectKey('fjr', 'default', 'j@t', name)).toBe(made);
});

test('keys stay within what S3 allows', () => {
  const longest = objectKey('p'.repeat(200), 'q'.repeat(255), 'e'.repeat(255), 'n'.repeat(4000));
  expect(Buffer.byteLength(longest)).toBeLessThanOrEqual(1024);
  const plain = objectKey('p'.repeat(200), 'q'.repeat(255), 'e'.repeat(255), 'n'.repeat(300));
  expect(Buffer.byteLength(plain)).toBeLessThanOrEqual(1024);
});

test.each([1, 8, 80_000, 80_001, 5_000_000].map((mebibytes) => mebibytes * 1024 * 1024))(
  'a file of %d bytes has at most 10,000 parts',
  (size) => {
    const part = partSizeOf(size);
    expect(Math.ceil(size / part)).toBeLessThanOrEqual(10_000);
    expect(part).toBeGreaterThanOrEqual(8 * 1024 * 1024);
  },
);

describe('what a store says', () => {
  const said = (name: string, status: number | undefined, code?: string): unknown => {
    const error = Object.assign(new Error('told'), { name, code, $metadata: { httpStatusCode: status } });
    const { message, blame } = describeRefusal(error, { endpoint: 'e', bucket: 'b' }) as {
      message: string;
      blame: string;
    };
    return [blame, message];
  };

  test.each([
    [
      'InvalidAccessKeyId',
      403,
      undefined,
      'store',
      'it does not accept the credentials (InvalidAccessKeyId)',
    ],
    ['AccessDenied', 403, undefined, 'store', 'its bucket "b" is not ours to use (AccessDenied)'],
    ['403', 403, undefined, 'store', 'its bucket "b" is not ours to use (status 403)'],
    ['NoSuchBucket', 404, undefined, 'store', 'it has no bucket "b"'],
    [
      'RequestTimeTooSkewed',
      403,
      undefined,
      'store',
      "this host's clock is wrong, it says (RequestTimeTooSkewed)",
    ],
    ['TimeoutError', undefined, undefined, 'store', 'it does not answer in time'],
    ['TimeoutError', undefined, 'ECONNRESET', 'store', 'it cannot be reached (ECONNRESET)'],
    ['Error', undefined, 'ENOTFOUND', 'store', 'it cannot be reached (ENOTFOUND)'],
    ['SlowDown', 503, undefined, 'store', 'it answers 503 (SlowDown): told'],
    ['KeyTooLongError', 400, undefined, 'object', 'it answers 400 (KeyTooLongError): told'],
  ])('is told in words: %s, %s, %s', (name, status, code, blame, message) => {
    expect(said(name, status, code)).toEqual([blame, message]);
  });
});
