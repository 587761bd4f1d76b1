import { hostname } from 'node:os';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import type { Result } from '../rig/background.js';
import type { Rig } from '../rig/rig.js';
import { canHaveHosts, section, test } from '../rig/ssh-hosts.js';

async function recruiter(rig: Rig, ...args: string[]): Promise<Result> {
  return rig.run('fjr-recruiter', args);
}

function writeConf(rig: Rig, text: string): void {
  mkdirSync(rig.project().root, { recursive: true });
  writeFileSync(`${rig.project().root}/remote.conf`, text);
}

const fired = (workers: number): string =>
  `[fjr-recruiter] Fired ${workers} worker${workers === 1 ? '' : 's'} in project "default".`;
const hired = (workers: number): string =>
  `[fjr-recruiter] Hired ${workers} worker${workers === 1 ? '' : 's'} in project "default".`;

describe.skipIf(!canHaveHosts)('with a remote.conf', () => {
  test('hire hires on all its hosts, and fire fires on all', async ({ rig, hosts }) => {
    await hosts.start('w1');
    await hosts.start('w2');
    const here = section('host0', { name: 'localhost', workers: 1 });
    writeConf(rig, `${here}\n${hosts.conf(['w1', 'w2'], { workers: 2 })}`);

    const hire = await recruiter(rig, 'hire');

    expect(hire).toMatchObject({ code: 0, stderr: '' });
    expect(hire.stdout.split('\n').sort()).toEqual([
      '',
      `[fjr-recruiter] Host localhost: ${hired(1)}`,
      `[fjr-recruiter] Host w1: ${hired(2)}`,
      `[fjr-recruiter] Host w2: ${hired(2)}`,
    ]);
    const crews = rig.project().crews();
    expect(crews.map(({ host, workers }) => [host, workers]).sort()).toEqual(
      [
        ['w1', 2],
        ['w2', 2],
        [hostname(), 1],
      ].sort(),
    );

    const fire = await recruiter(rig, 'fire');

    expect(fire).toMatchObject({ code: 0, stderr: '' });
    expect(fire.stdout.split('\n').sort()).toEqual([
      '',
      `[fjr-recruiter] Host localhost: ${fired(1)}`,
      `[fjr-recruiter] Host w1: ${fired(2)}`,
      `[fjr-recruiter] Host w2: ${fired(2)}`,
    ]);
    expect(rig.project().pods()).toEqual([]);
  });
});
