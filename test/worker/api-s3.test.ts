import { createHmac } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { DecodeServer, type FileStore, specsOf } from '../rig/decode-server.js';
import { test } from '../rig/rig.js';
import { S3Rig, hasS3 } from '../rig/s3.js';

/** A POST that S3 lets anybody make for some minutes, to names that begin so: as DECODE's server has them. */
function postPolicy(s3: S3Rig, bucket: string, directory: string): unknown {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const day = date.slice(0, 8);
  const scope = `${day}/us-east-1/s3/aws4_request`;
  const fields = {
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${s3.key}/${scope}`,
    'x-amz-date': date,
  };
  const policy = Buffer.from(
    JSON.stringify({
      expiration: new Date(Date.now() + 600_000).toISOString(),
      conditions: [
        { bucket },
        ['starts-with', '$key', `${directory}/`],
        ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
      ],
    }),
  ).toString('base64');
  const sign = (key: string | Buffer, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest();
  const keys = [day, 'us-east-1', 's3', 'aws4_request'];
  const key = keys.reduce<string | Buffer>((before, part) => sign(before, part), `AWS4${s3.secret}`);
  return {
    method: 'POST',
    url: `${s3.endpoint}/${bucket}`,
    headers: {},
    data: {
      key: `${directory}/\${filename}`,
      ...fields,
      policy,
      'x-amz-signature': sign(key, policy).toString('hex'),
    },
  };
}

describe.skipIf(!hasS3)('A worker of a server that has its files in S3', () => {
  const s3 = new S3Rig();
  beforeAll(async () => {
    await s3.up();
    await s3.bucket('decode');
  }, 90_000);
  afterAll(() => {
    s3.down();
  });

  test('fetches and sends them as it is told to', async ({ rig }) => {
    const server = await DecodeServer.start(`${rig.directory}/server`);
    const store: FileStore = {
      down: async (Key) => ({
        method: 'GET',
        url: await getSignedUrl(s3.client, new GetObjectCommand({ Bucket: 'decode', Key }), {
          expiresIn: 600,
        }),
        headers: {},
        data: {},
      }),
      up: (directory) => postPolicy(s3, 'decode', directory),
    };
    server.store = store;
    const Body = Buffer.alloc(2_000_000, 'frames ');
    await s3.client.send(new PutObjectCommand({ Bucket: 'decode', Key: 'alice/a b+c.tif', Body }));
    const worker = rig.start(
      'fjr-worker',
      [
        ...['--api', server.url, '--path-base', `${rig.directory}/base`, '--no-container', '--gpus', '0'],
        ...['--timeout-job', '0.1'],
      ],
      { env: { ACCESS_TOKEN: server.token } },
    );
    const script = 'cp in.tif out/deep/copy.tif; : >out/empty; echo "$FJR_JOB" >"out/deep/na me é.txt"';
    server.submit(
      '7',
      specsOf(['mkdir out/deep;', script], { down: { 'in.tif': 'alice/a b+c.tif' }, up: { output: 'out' } }),
    );
    const { words } = await server.ended('7');
    expect(words.at(-1)).toEqual(['finished', '']);
    const read = async (key: string): Promise<string | undefined> => s3.text('decode', key);
    expect(await read('up/7/output/out/deep/copy.tif')).toBe(Body.toString());
    expect(await read('up/7/output/out/empty')).toBe('');
    expect(await read('up/7/output/out/deep/na me é.txt')).toBe('7.sh\n');
    // What is not there, or not for us.
    server.submit('8', specsOf(['true'], { down: { x: 'nobody/has/it' } }));
    expect((await server.ended('8')).words.at(-1)![1]).toMatch(
      /^the input x \(nobody\/has\/it\) did not come: .*404/,
    );
    server.store = { ...store, up: (directory) => postPolicy(s3, 'elsewhere', directory) };
    server.submit('9', specsOf(['echo x >out/x'], { up: { output: 'out' } }));
    expect((await server.ended('9')).words.at(-1)![1]).toMatch(/^cannot send the output out\/x: status 404/);
    await worker.stop();
    await server.close();
  });
});
