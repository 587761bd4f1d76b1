import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect } from 'vitest';
import { type Rig, test } from '../rig/rig.js';

/** Runs a fan-out file whose tasks have items of the run's own, and returns its directory and its pool. */
async function runWithPool(rig: Rig, verdict: 'done' | 'failed'): Promise<{ run: string; pool: string }> {
  const file = `${rig.directory}/${verdict}.yaml`;
  const command = verdict === 'done' ? 'true' : 'false';
  writeFileSync(
    file,
    `command: '${command}'\ninput: [a]\ntask_resources: [{ SEAT: { items: [s1, s2] } }]\nworkers: { local: 1 }\n`,
  );
  expect((await rig.run('fjr', ['run', file])).code).toBe(verdict === 'done' ? 0 : 3);
  const { root } = rig.project();
  const run = `${root}/${verdict}/${rig.project().entries(verdict)[0]!}`;
  const { pools } = JSON.parse(readFileSync(`${run}/fan-out.json`, 'utf8')) as { pools: { pool: string }[] };
  return { run, pool: pools[0]!.pool };
}

async function gc(rig: Rig, olderThan: string): Promise<string[]> {
  const { code, stdout } = await rig.run('fjr', ['--json', 'gc', '--older-than', olderThan]);
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { garbage: string[] }).garbage;
}

describe('fjr gc removes a pool that a run made for itself', () => {
  test('when the run is done, however young, unless somebody has an item', async ({ rig }) => {
    const { run, pool } = await runWithPool(rig, 'done');
    const project = rig.project();
    const resources = `${project.root}/resources`;
    // As it is when a dispatcher dies before it has dropped it.
    project.addPool(pool, { s1: 's1', s2: 's2' });
    project.addPool('SHARED', { one: 'one' });
    mkdirSync(`${resources}/${pool}/s1.lock`);
    expect(await gc(rig, '30d')).toEqual([]);
    expect(readdirSync(`${resources}/${pool}`)).toEqual(['s1', 's1.lock', 's2']);
    rmdirSync(`${resources}/${pool}/s1.lock`);
    expect(await gc(rig, '30d')).toEqual([`${resources}/${pool}`]);
    expect(readdirSync(resources)).toEqual(['SHARED']);
    expect(existsSync(run)).toBe(true);
  });

  test('with a run that failed, which may be tried again as long as it is there', async ({ rig }) => {
    const { run, pool } = await runWithPool(rig, 'failed');
    const { root } = rig.project();
    expect(await gc(rig, '30d')).toEqual([]);
    // A crew that died holds an item: the run knows whose it is.
    const pod = `${root}/jobpods/node7-k3f9q2m4.fenced`;
    mkdirSync(`${pod}/items`, { recursive: true });
    writeFileSync(`${pod}/items/${pool}.s1@k3f9q2m4n7`, 's1\n');
    expect(await gc(rig, '0s')).not.toContain(run);
    expect(readdirSync(`${root}/resources`)).toEqual([pool]);
    expect((await rig.run('rm', ['-r', pod])).code).toBe(0);
    expect(await gc(rig, '0s')).toEqual([`${root}/resources/${pool}`, run]);
    expect([existsSync(run), readdirSync(`${root}/resources`)]).toEqual([false, []]);
  });
});

test('fjr gc removes links to logs that are gone, but for those of jobs that are not over', async ({
  rig,
}) => {
  const project = rig.project();
  expect((await rig.run('fjr', ['submit', '--name', 'waits.conf', '--', 'true'])).code).toBe(0);
  const logs = `${project.root}/logs`;
  writeFileSync(`${logs}/there@k3f9q2m4n7.conf.out`, 'here\n');
  symlinkSync('there@k3f9q2m4n7.conf.out', `${logs}/there.conf.out`);
  for (const name of ['gone.conf.out', 'gone.conf.err', 'waits.conf.out'])
    symlinkSync(`nobody-${name}`, `${logs}/${name}`);
  expect((await gc(rig, '30d')).sort()).toEqual([`${logs}/gone.conf.err`, `${logs}/gone.conf.out`]);
  expect(
    readdirSync(logs)
      .filter((name) => name.includes('.conf'))
      .sort(),
  ).toEqual(['there.conf.out', 'there@k3f9q2m4n7.conf.out', 'waits.conf.out']);
});
