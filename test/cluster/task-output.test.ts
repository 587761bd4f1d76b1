import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster, obstacleTo } from './cluster.js';

const filesystem = 'sshfs-stale';
const obstacle = process.env['FJR_TEST_CLUSTER'] === undefined ? obstacleTo(filesystem) : 'another is up';
const title = `Tasks whose project lies on a file server${obstacle === '' ? '' : ` (not here: ${obstacle})`}`;

/** Its tasks print little, much, and something now and something when they are told to. */
const task = `case $1 in
  0) echo little ;;
  1) head -c 200000 /dev/zero | tr '\\0' x ;;
  2) echo one; until [ -e /tmp/go ]; do sleep 0.1; done; echo two ;;
esac
`;

describe.skipIf(obstacle !== '')(title, () => {
  let cluster: Cluster | undefined;

  beforeAll(async () => {
    cluster = await Cluster.up(filesystem);
    await cluster.install();
    cluster.write('task.sh', task);
    cluster.write('fjr.yaml', 'command: ["sh", "task.sh", "{}"]\ninput: { range: 0..2 }\n');
  }, 60_000);

  afterAll(async () => {
    await cluster?.down();
  });

  test('print on the disk of their own host, and others read it whole, and while they run', async () => {
    const { start } = cluster!;
    const fjr = (...args: string[]): ReturnType<typeof start> => start('h1', 'node', 'fjr/fjr.js', ...args);
    const onOwnDisk = 'mkdir -p /tmp/own && TMPDIR=/tmp/own exec node fjr/fjr-worker.js --workers 3';
    const crew = start('h2', 'sh', '-c', onOwnDisk);
    await crew.says('[fjr-worker] Started with ID ');
    const run = (await fjr('submit', 'fjr.yaml').ends()).stdout.trim();
    const dispatcher = start('h1', 'node', 'fjr/fjr-dispatcher.js');
    const log = fjr('logs', '--follow', `${run}/2`);
    await log.says('one\n').catch(() => undefined);
    const seen = log.stdout;
    await start('h2', 'touch', '/tmp/go').ends();
    expect(await dispatcher.ends(60)).toMatchObject({ code: 0 });
    expect([seen, (await log.ends()).stdout]).toEqual(['one\n', 'one\ntwo\n']);
    expect((await fjr('logs', `${run}/0`).ends()).stdout).toBe('little\n');
    expect((await fjr('logs', `${run}/1`).ends()).stdout).toBe('x'.repeat(200_000));
    await start('h2', 'node', 'fjr/fjr-recruiter.js', '--local-only', 'fire').ends();
    expect(await crew.ends()).toMatchObject({ code: 0 });
    expect((await start('h2', 'ls', '/tmp/own').ends()).stdout).toBe('');
  }, 120_000);
});
