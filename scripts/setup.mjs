// Makes a checkout ready to work in: dependencies, build and, with --tests, the programs that the tests use.
// Does nothing that is done already. Needs nothing but Node, because it runs before there is a node_modules.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const testPrograms = [
  { command: 'tmux', package: 'tmux', use: 'crews hired in tmux' },
  { command: 'screen', package: 'screen', use: 'crews hired in screen' },
  { command: 'ssh', package: 'openssh-client', use: 'crews on other hosts' },
  { command: 'sshd', package: 'openssh-server', use: 'being those other hosts' },
  { command: 'tcsh', package: 'tcsh', use: 'hosts with such login shells' },
  { command: 'fish', package: 'fish', use: 'hosts with such login shells' },
  {
    command: 'python3',
    package: 'python3',
    use: 'comparing job files with ConfigParser, jobs written in Python',
  },
  { command: 'perl', package: 'perl', use: 'the Perl starter of jobs' },
  { command: 'setsid', package: 'util-linux', use: 'jobs that leave their process group' },
  { command: 'ps', package: 'procps', use: 'looking which processes are left' },
  { command: 'parallel', package: 'parallel', use: 'comparing speed with GNU parallel' },
  {
    command: 'sbatch',
    package: 'slurm-wlm',
    use: 'crews hired as Slurm jobs; their tests are skipped without it',
  },
  ...['radosgw', 'ceph-mon', 'ceph-osd'].map((command) => ({
    ...{ command, package: command, service: true },
    use: 'an S3 server that keeps all in memory; tests of stores are skipped without it',
  })),
  { command: 'strace', package: 'strace', use: 'counting system calls, killing between two of them' },
];

/** For tests on hosts that share a home, which only root can run. */
const clusterPrograms = [
  { command: 'ip', package: 'iproute2', use: 'hosts with a network of their own' },
  { command: 'sshfs', package: 'sshfs', use: 'a home that hosts share' },
  { command: 'fusermount3', package: 'fuse3', use: 'a home that hosts share' },
  { command: 'sshd', package: 'openssh-server', use: 'a home that hosts share', service: true },
];

/** For tasks in containers; the tests start daemons of their own, which only root can. */
const containerPrograms = [
  { command: 'dockerd', package: 'docker.io', use: 'tasks in containers', service: true },
  { command: 'docker', package: 'docker.io', use: 'tasks in containers', service: true },
  { command: 'docker-registry', package: 'docker-registry', use: 'images from a registry', service: true },
  { command: 'htpasswd', package: 'apache2-utils', use: 'a registry with a password' },
  { command: 'busybox', package: 'busybox-static', use: 'an image made from local files' },
];

/** Throws an Error whose message is meant for a person when the checkout cannot be made ready. */
export function setup({ tests = false } = {}) {
  checkNode();
  installDependencies();
  buildWhenStale();
  if (tests) provideTestPrograms();
}

export function checkNode() {
  const range = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node;
  const [major, minor] = range.match(/\d+/g).map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  throw new Error(`fjr needs Node ${range}, and this is ${process.versions.node} (${process.execPath}).`);
}

export function installDependencies() {
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  // `npm ci` begins by removing node_modules and the stamp with it: an interrupted one is seen as not done.
  const stamp = join(root, 'node_modules', '.fjr-lock-hash');
  if (read(stamp) === hash) return;
  say('installing dependencies (npm ci)');
  // The development dependencies are wanted even where NODE_ENV=production is set.
  const { ok, output } = run('npm', ['ci', '--include=dev']);
  if (!ok) throw new Error(`npm ci failed.\n${output}`);
  writeFileSync(stamp, hash);
}

export function buildWhenStale() {
  const sources = ['src', 'scripts/build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'];
  const oldestOutput = Math.min(...modificationTimes('dist'));
  if (oldestOutput > Math.max(...sources.flatMap(modificationTimes))) return;
  say('building');
  const { ok, output } = run(process.execPath, ['scripts/build.mjs']);
  if (ok) return;
  // What a failed build leaves behind would look fresh next time.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  throw new Error(`The build failed.\n${output}`);
}

/** Most tests do without what cannot be installed. */
export function provideTestPrograms() {
  const wanted =
    process.getuid() === 0 ? [...testPrograms, ...clusterPrograms, ...containerPrograms] : testPrograms;
  providePrograms(wanted, 'so that the tests that use it cannot pass');
}

/** Installs what is missing where that needs no password, else names it and the consequence. Returns what is missing still. */
export function providePrograms(wanted, consequence) {
  const missing = () => wanted.filter(({ command }) => !isOnPath(command));
  // Nobody expects of a test that it opens a port of the machine.
  const wouldServe = existsSync('/run/systemd/system');
  const packages = missing().filter(({ service }) => !(service && wouldServe));
  if (packages.length > 0) aptInstall(packages.map((program) => program.package));
  const left = missing();
  const uses = left.map(({ command, use }) => `  ${command} (${use})`);
  if (uses.length > 0) say(`not installed, ${consequence}:\n${uses.join('\n')}`);
  return left;
}

function aptInstall(packages) {
  const isRoot = process.getuid() === 0;
  if (!isOnPath('apt-get') || !(isRoot || run('sudo', ['-n', 'true']).ok)) return;
  say(`installing ${packages.join(', ')} (apt-get)`);
  const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=300'];
  const [command, ...args] = isRoot ? apt : ['sudo', '-n', ...apt];
  const update = run(command, [...args, 'update']);
  // Tried even when the update failed: the package lists at hand may do.
  const install = run(command, [...args, 'install', '-y', '--no-install-recommends', ...packages]);
  if (!install.ok) say(`apt-get failed.\n${update.ok ? '' : update.output}${install.output}`);
}

function run(command, args) {
  const options = { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', maxBuffer: 2 ** 26 };
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}` };
}

/** Milliseconds, of a file or of a directory and all below it (so that a removal counts too); 0 if absent. */
function modificationTimes(path) {
  const top = lstatSync(join(root, path), { throwIfNoEntry: false });
  if (!top?.isDirectory()) return [top?.mtimeMs ?? 0];
  return [
    top.mtimeMs,
    ...readdirSync(join(root, path)).flatMap((name) => modificationTimes(join(path, name))),
  ];
}

function isOnPath(command) {
  // Daemons are in directories that only root has on the PATH.
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'].some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function say(message) {
  console.error(`setup: ${message}`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    setup({ tests: process.argv.includes('--tests') });
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}
