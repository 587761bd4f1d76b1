import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setTimeout } from 'node:timers/promises';
import { Layout } from '../../src/queue/layout.js';
import type { PilotSite } from '../../src/recruiter/pilot-site.js';
import { readRemoteConf } from '../../src/recruiter/remote-conf.js';
import { SlurmEngine } from '../../src/recruiter/slurm-engine.js';
import { systemClock } from '../../src/system/clock.js';
import { systemCommands } from '../../src/system/commands.js';
import { MountedFiles } from '../../src/system/files.js';
import { LinuxHost } from '../../src/system/host.js';
import { type Rig, dist } from './rig.js';
import { waitUntil } from './wait-until.js';

const script = fileURLToPath(new URL('../../scripts/cluster-slurm', import.meta.url));

/** Where Slurm is not installed its tests are skipped, unless FJR_TEST_SLURM=1 says that they must run. */
export const hasSlurm =
  process.env['FJR_TEST_SLURM'] === '1' ||
  ['/usr/bin/sbatch', '/usr/sbin/slurmctld', '/usr/sbin/slurmd'].every((path) => existsSync(path));

/** A Slurm of two nodes on this machine. */
export class SlurmCluster {
  directory = '';

  get conf(): string {
    return `${this.directory}/slurm.conf`;
  }

  up(...options: string[]): void {
    this.directory = mkdtempSync('/tmp/fjr-slurm-');
    // Pilots get the environment of whoever submits them, and not that of the daemons.
    execFileSync(script, ['--directory', this.directory, ...options, 'up'], { stdio: 'pipe' });
  }

  down(): void {
    execFileSync(script, ['--directory', this.directory, 'down'], { stdio: 'pipe' });
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** One of Slurm's programs; its exit code does not matter. */
  async run(program: string, ...args: string[]): Promise<string> {
    const env = { ...process.env, SLURM_CONF: this.conf };
    const { stdout } = await promisify(execFile)(program, args, { env }).catch(
      (error: unknown) => error as { stdout: string },
    );
    return stdout.trim();
  }

  /** Its jobs: ID STATE NODE. */
  async jobs(): Promise<string[]> {
    return (await this.run('squeue', '--noheader', '--format=%i %T %N'))
      .split('\n')
      .filter((line) => line !== '');
  }

  /** Nobody's test begins with another's pilots. */
  async clear(): Promise<void> {
    await waitUntil(
      'Slurm has no jobs',
      async () => {
        const jobs = await this.jobs();
        if (jobs.length > 0)
          await this.run('scancel', '--signal=KILL', '--full', `--user=${process.getuid!()}`);
        if (jobs.length > 0) await this.run('scancel', `--user=${process.getuid!()}`);
        return jobs;
      },
      (jobs) => jobs.length === 0,
      30,
    );
  }

  /** A section of remote.conf, opened for a project of the rig's. */
  site(
    rig: Rig,
    keys: Record<string, string | number> = {},
    { project = 'default', section = 'host3', lease = '30' } = {},
  ): PilotSite {
    const layout = new Layout(`${rig.fjrHome}/${project}`);
    for (const directory of layout.directories) mkdirSync(directory, { recursive: true, mode: 0o700 });
    const lines = Object.entries({ via: 'slurm', ...keys }).map(([key, value]) => `${key}: ${value}`);
    const conf = [`[${section}]`, ...lines, ''].join('\n');
    const env = { ...rigEnvironment(rig), SLURM_CONF: this.conf };
    const engine = new SlurmEngine({
      system: {
        files: new MountedFiles({ shared: false, fsync: false }),
        host: new LinuxHost(),
        clock: systemClock,
        wait: async (milliseconds) => setTimeout(milliseconds),
      },
      commands: { run: (argv, options) => systemCommands.run(argv, { ...options, env }) },
      uid: process.getuid!(),
      project,
      layout,
      home: rig.fjrHome,
      directory: rig.directory,
      worker: [process.execPath, `${dist}/fjr-worker.js`],
      options: { lease },
    });
    return engine.open(readRemoteConf(conf, layout.remoteConf)[0]!);
  }
}

function rigEnvironment(rig: Rig): Record<string, string> {
  const entries = Object.entries(rig.env).map(([name, value]) => [name, value ?? ''] as const);
  return Object.fromEntries(entries);
}
