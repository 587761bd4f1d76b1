import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, type Server, createServer } from 'node:net';
import type { Background } from './background.js';
import { descendantsOf, processesWith, signal } from './processes.js';
import { type Rig, test as base } from './rig.js';
import { waitUntil } from './wait-until.js';

const namespaces = ['--uts', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];

/** Hosts are namespaces, which root alone may make, and not in every container. */
export const canHaveHosts = ((): boolean => {
  const inside = 'hostname try && test -x /usr/sbin/sshd';
  const argv = [...namespaces, 'sh', '-c', inside];
  return process.getuid?.() === 0 && spawnSync('unshare', argv).status === 0;
})();

/** Tests with other hosts: each an sshd of its own, with a hostname, a process space and mounts of its own. */
export const test = base.extend<{ hosts: SshHosts }>({
  hosts: async ({ rig, task }, use) => {
    const hosts = new SshHosts(rig);
    await use(hosts);
    // Crews and their starters; the test's terminals are the rig's business.
    const left = (): unknown[] =>
      processesWith('FJR_HOME', rig.fjrHome).filter(({ command }) => /fjr-worker|starter\./.test(command));
    try {
      if (task.result?.state !== 'fail')
        await waitUntil('nothing of fjr is left on any host', left, (seen) => seen.length === 0, 10);
    } finally {
      await hosts.close();
    }
  },
});

export interface HostOptions {
  /** Shell commands that are run on the host before its sshd: mounts, for instance. */
  readonly prepare?: string;
  /** Where root's shell starts. */
  readonly home?: string;
  /** Lines of its sshd_config that come before all others, and count. */
  readonly config?: string;
  /** In a network of its own, which can be cut. */
  readonly network?: boolean;
  /** `wrong`: another key is known for it. `unknown`: none is. */
  readonly hostKey?: 'wrong' | 'unknown';
}

/** Hosts that share the machine's directories, and are reached by the system's own ssh. */
export class SshHosts {
  readonly directory: string;
  readonly #rig: Rig;
  readonly #running = new Map<string, Background>();
  readonly #ports = new Map<string, number>();
  readonly #silent: Server[] = [];
  readonly #networks = new Map<string, Network>();

  constructor(rig: Rig) {
    this.#rig = rig;
    this.directory = `${rig.directory}/ssh`;
    mkdirSync(`${this.directory}/home`, { recursive: true, mode: 0o700 });
    mkdirSync('/run/sshd', { recursive: true });
    for (const key of ['id', 'wrong']) this.#makeKey(key);
    writeFileSync(`${this.directory}/known_hosts`, '');
    writeFileSync(`${this.directory}/config`, '');
    // ssh reads no configuration but the one that it is given, and offers no key of the user's.
    this.#addConfig('Host *', {
      IdentityFile: `${this.directory}/id`,
      IdentitiesOnly: 'yes',
      IdentityAgent: 'none',
      UserKnownHostsFile: `${this.directory}/known_hosts`,
      GlobalKnownHostsFile: '/dev/null',
      StrictHostKeyChecking: 'ask',
      User: 'root',
      HostName: '127.0.0.1',
    });
  }

  /** Where root's shell starts on all hosts: what root's own home does at each start would take its time. */
  get home(): string {
    return `${this.directory}/home`;
  }

  /** Keys of a section that lead to these hosts. */
  get options(): Record<string, string> {
    return { ssh_options: `-F '${this.directory}/config'` };
  }

  async start(name: string, options: HostOptions = {}): Promise<void> {
    const { prepare = ':', home = this.home, config = '', hostKey } = options;
    const port = await freePort();
    const network = options.network === true ? new Network() : undefined;
    if (network !== undefined) this.#networks.set(name, network);
    const address = network?.address ?? '127.0.0.1';
    this.#makeKey(`host-${name}`);
    const known = hostKey ?? `host-${name}`;
    if (known !== 'unknown') this.#know(name, known);
    this.at(name, port);
    const configFile = `${this.directory}/sshd-${name}`;
    writeFileSync(configFile, `${config}\n${this.#sshdConfig(name, `${address}:${port}`, home)}`);
    const script = `hostname ${name} && ${prepare} && exec /usr/sbin/sshd -D -e -f '${configFile}'`;
    const host = ['unshare', ...namespaces, 'sh', '-c', script];
    const [program = '', ...args] = [...(network?.enter ?? []), ...host];
    const sshd = this.#rig.start(program, args, { env: { FJR_HOME: undefined } });
    this.#running.set(name, sshd);
    await sshd.says(`Server listening on ${address} port ${port}`);
  }

  /** Kills what holds a host's end of each connection. */
  killSessions(name: string): void {
    const sessions = descendantsOf(this.#running.get(name)!.pid).filter(({ command }) =>
      command.startsWith('sshd: root'),
    );
    for (const { pid } of sessions) signal(pid, 'SIGKILL');
  }

  /** The network of a host that has one of its own. */
  network(name: string): Network {
    return this.#networks.get(name)!;
  }

  /** Lets a name lead to a port, whoever listens there. */
  at(name: string, port: number): void {
    this.#ports.set(name, port);
    this.#addConfig(`Host ${name}`, { Port: String(port), HostKeyAlias: name });
  }

  /** Another name for a host. */
  alias(name: string, host: string): void {
    this.#addConfig(`Host ${name}`, { Port: String(this.#ports.get(host)), HostKeyAlias: host });
  }

  /** A name behind which nobody answers, although somebody listens. */
  async hang(name: string): Promise<void> {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.at(name, (server.address() as AddressInfo).port);
    this.#silent.push(server);
  }

  /** A remote.conf of one section for each host; `keys` belong to all. */
  conf(names: readonly string[], keys: Readonly<Record<string, string | number>> = {}): string {
    return names
      .map((name, index) => section(`host${index + 1}`, { name, ...this.options, ...keys }))
      .join('\n');
  }

  async close(): Promise<void> {
    for (const sshd of this.#running.values()) sshd.signal('SIGKILL');
    for (const server of this.#silent) server.close();
    await Promise.all([...this.#running.values()].map((sshd) => sshd.exited));
    for (const network of this.#networks.values()) network.remove();
  }

  #makeKey(name: string): void {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${this.directory}/${name}`]);
  }

  #know(name: string, key: string): void {
    const [kind = '', value = ''] = execFileSync('cat', [`${this.directory}/${key}.pub`], {
      encoding: 'utf8',
    }).split(' ');
    appendFileSync(`${this.directory}/known_hosts`, `${name} ${kind} ${value}\n`);
  }

  /** Later blocks add to earlier ones: what all share stands at the end of each. */
  #addConfig(header: string, options: Readonly<Record<string, string>>): void {
    const lines = Object.entries(options).map(([key, value]) => `  ${key} ${value}`);
    appendFileSync(`${this.directory}/config`, `${[header, ...lines].join('\n')}\n`);
  }

  #sshdConfig(name: string, address: string, home: string): string {
    const { env } = this.#rig;
    const passed = ['TMUX_TMPDIR', 'SCREENDIR', 'TMPDIR', 'LEDGER', 'FJR_TEST_SOCKET'];
    const variables = passed.map((variable) => `${variable}=${env[variable] ?? ''}`);
    return [
      `ListenAddress ${address}`,
      `HostKey ${this.directory}/host-${name}`,
      'PidFile none',
      `AuthorizedKeysFile ${this.directory}/id.pub`,
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'UsePAM no',
      'StrictModes no',
      'UseDNS no',
      'PrintMotd no',
      'MaxStartups 100',
      `SetEnv HOME=${home} ${variables.join(' ')}`,
      '',
    ].join('\n');
  }
}

let networks = 0;

/** A network namespace that a cable leads to. */
class Network {
  readonly #number = networks++;
  readonly #name = `fjr${process.pid}-${this.#number}`;
  /** What the cable's end here is called: at most 15 letters. */
  readonly #cable = `fv${process.pid}-${this.#number}`;
  readonly #prefix = `10.213.${(process.pid + this.#number) % 250}`;
  readonly address = `${this.#prefix}.2`;

  constructor() {
    const [name, cable, prefix] = [this.#name, this.#cable, this.#prefix];
    ip('netns', 'add', name);
    ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    ip('addr', 'add', `${prefix}.1/24`, 'dev', cable);
    ip('link', 'set', cable, 'up');
    ip('-n', name, 'addr', 'add', `${prefix}.2/24`, 'dev', 'eth0');
    for (const device of ['lo', 'eth0']) ip('-n', name, 'link', 'set', device, 'up');
  }

  /** What runs a command there. */
  get enter(): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.#name}`];
  }

  cut(): void {
    ip('link', 'set', this.#cable, 'down');
  }

  mend(): void {
    ip('link', 'set', this.#cable, 'up');
  }

  remove(): void {
    ip('netns', 'del', this.#name);
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}

/** A section of remote.conf. */
export function section(name: string, keys: Readonly<Record<string, string | number>>): string {
  return [`[${name}]`, ...Object.entries(keys).map(([key, value]) => `${key}: ${value}`), ''].join('\n');
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
