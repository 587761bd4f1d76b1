import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { copyFileSync } from 'node:fs';
import { onPath } from './on-path.js';
import { freePort } from './ssh-hosts.js';
import { waitUntil } from './wait-until.js';

/** Whether containers can be tried here: a daemon of one's own needs root. */
export const hasDocker =
  process.getuid?.() === 0 && ['docker', 'dockerd', 'docker-registry', 'htpasswd', 'busybox'].every(onPath);

/** A container engine of one's own, with an image made from local files and a private registry on loopback. */
export class DockerRig {
  readonly directory = mkdtempSync('/tmp/fjr-docker-');
  readonly env = { DOCKER_HOST: `unix://${this.directory}/docker.sock`, HOME: this.directory };
  readonly image = 'fjr-test/busybox:1';
  /** Known once it is up. */
  registry = '';
  readonly user = 'fjr';
  readonly password = 's3cret: "\'$x';
  readonly #pids: number[] = [];

  /** `registry`: whether there is to be one, which most tests do without. */
  async up({ registry = true } = {}): Promise<void> {
    this.registry = `127.0.0.1:${await freePort()}`;
    this.#start('dockerd', [
      ...['--host', this.env.DOCKER_HOST, '--data-root', `${this.directory}/data`],
      ...['--exec-root', `${this.directory}/exec`, '--pidfile', `${this.directory}/dockerd.pid`],
      ...['--storage-driver', 'overlay2', '--group', 'root', '--bridge=none'],
      ...['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
    ]);
    await waitUntil(
      'the engine answers',
      () => this.#tryDocker('version'),
      (answer) => answer !== undefined,
      30,
    );
    this.#makeImage();
    if (registry) await this.#startRegistry();
  }

  down(): void {
    const ids = (this.#tryDocker('ps', '-aq') ?? '').split('\n').filter((id) => id !== '');
    if (ids.length > 0) this.docker('rm', '-f', ...ids);
    for (const pid of this.#pids) process.kill(pid, 'SIGTERM');
    const end = Date.now() + 10_000;
    while (this.#pids.some((pid) => existsSync(`/proc/${pid}`)) && Date.now() < end)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    try {
      execFileSync('umount', [`${this.directory}/exec/netns/default`], { stdio: 'ignore' });
    } catch {
      // It was not mounted.
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  docker(...args: string[]): string {
    return execFileSync('docker', args, {
      encoding: 'utf8',
      env: { ...process.env, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Names of the containers that are there, running or not. */
  containers(): string[] {
    return this.docker('ps', '-a', '--format', '{{.Names}}')
      .split('\n')
      .filter((name) => name !== '');
  }

  #tryDocker(...args: string[]): string | undefined {
    try {
      return this.docker(...args);
    } catch {
      return undefined;
    }
  }

  #start(program: string, args: readonly string[]): void {
    const log = openSync(`${this.directory}/${program}.log`, 'a');
    const child = spawn(program, args, {
      cwd: '/',
      detached: true,
      env: { ...process.env, ...this.env },
      stdio: ['ignore', log, log],
    });
    child.unref();
    if (child.pid !== undefined) this.#pids.push(child.pid);
  }

  #makeImage(): void {
    const rootfs = `${this.directory}/rootfs`;
    for (const name of ['bin', 'tmp', 'etc']) mkdirSync(`${rootfs}/${name}`, { recursive: true });
    copyFileSync('/bin/busybox', `${rootfs}/bin/busybox`);
    for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n'))
      if (applet !== 'busybox') symlinkSync('busybox', `${rootfs}/bin/${applet}`);
    writeFileSync(`${rootfs}/etc/passwd`, 'root:x:0:0:root:/:/bin/sh\n');
    const tar = `${this.directory}/rootfs.tar`;
    execFileSync('tar', ['-C', rootfs, '-cf', tar, '.']);
    this.docker('import', '--change', 'ENV PATH=/bin', tar, this.image);
  }

  async #startRegistry(): Promise<void> {
    const users = `${this.directory}/htpasswd`;
    writeFileSync(users, execFileSync('htpasswd', ['-Bbn', this.user, this.password]));
    const config = `${this.directory}/registry.yml`;
    writeFileSync(
      config,
      `version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: ${this.directory}/registry\nhttp:\n  addr: ${this.registry}\nauth:\n  htpasswd:\n    realm: fjr\n    path: ${users}\n`,
    );
    this.#start('docker-registry', ['serve', config]);
    const login = ['login', '-u', this.user, '--password-stdin', this.registry];
    await waitUntil(
      'the registry answers',
      () => {
        try {
          return execFileSync('docker', login, {
            input: this.password,
            env: { ...process.env, ...this.env },
            stdio: ['pipe', 'pipe', 'ignore'],
          }).toString();
        } catch {
          return readFileSync(`${this.directory}/docker-registry.log`, 'utf8').slice(-300);
        }
      },
      (answer) => answer.includes('Succeeded'),
      30,
    );
    this.docker('tag', this.image, `${this.registry}/team/bb:1`);
    this.docker('push', `${this.registry}/team/bb:1`);
    this.docker('rmi', `${this.registry}/team/bb:1`);
    this.docker('logout', this.registry);
  }
}
