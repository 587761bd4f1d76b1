import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Outcome } from '../../src/job/outcome.js';

const corpus = fileURLToPath(new URL('../corpus/bad-jobs', import.meta.url));

/** What must become of a name in the queue. */
export type Fate =
  | { readonly kind: 'done' }
  /** `as`: the name under which its user finds it, if it is not its own. */
  | { readonly kind: 'failed'; readonly outcome: unknown; readonly as?: string }
  /** It stays where it is, as it is. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'deleted by itself' };

export interface Row {
  /** Its name in the queue; bytes if it is no text. */
  readonly name: string | Buffer;
  /** Puts it into the queue. */
  readonly put: (path: string | Buffer) => void;
  readonly fate: Fate;
}

export const isRoot = process.getuid?.() === 0;
const nobody = 65534;

const howTo = 'a job file is a script that starts with #!, or has a section [fjr] with a key "executable"';
const duration = 'expected a duration such as 90, 90s, 5m or 1h30m';
const pools = 'expected pool names with optional counts, such as PROXY, LICENCE*2';
const variables = 'expected NAME=value, one on each line (further lines indented)';
const notText = ['the file is not text in UTF-8', 'to run a program, make it executable (chmod +x)'] as const;
const aboveIt = 'put a [section] line above it';
const badName = 'choose a shorter name';
const known =
  'known are executable, timeout, retries, retry-delay, priority, nice, cpus, memory, gpus, resources, labels, after, workdir, inputs, outputs, logfile, env';

export const done: Fate = { kind: 'done' };
export const ignored: Fate = { kind: 'ignored' };

function fails(outcome: Outcome, as?: string): Fate {
  return { kind: 'failed', outcome, ...(as === undefined ? {} : { as }) };
}
function rejected(reason: string, hint: string, as?: string): Fate {
  return fails({ kind: 'rejected', reason, hint }, as);
}
function bad(line: string, hint: string): Fate {
  return rejected(`line 3: ${line}`, hint);
}
function exits(code: number): Fate {
  return fails({ kind: 'exit', code });
}
function unstarted(reason: string): Fate {
  return fails({ kind: 'spawn-error', reason });
}

const good = '[fjr]\nexecutable: true\n';

/** A job file with the given content, executable or not. */
function content(name: string | Buffer, text: string | Uint8Array, fate: Fate, mode = 0o600): Row {
  return {
    name,
    fate,
    put: (path) => {
      writeFileSync(path, text);
      chmodSync(path, mode);
    },
  };
}

function script(name: string, text: string, fate: Fate): Row {
  return content(name, text, fate, 0o700);
}

/** The files of test/corpus/bad-jobs. */
const files: Readonly<Record<string, Fate>> = {
  'empty.conf': rejected('the file is empty', howTo),
  'newline.conf': rejected('no section [fjr], [fjd] or [control]', howTo),
  'blanks.conf': rejected('no section [fjr], [fjd] or [control]', howTo),
  'comments.conf': rejected('no section [fjr], [fjd] or [control]', howTo),
  'no-section.conf': rejected('line 1: "executable: true" stands before the first section', aboveIt),
  'prose.txt': rejected('line 1: "Dear colleagues," stands before the first section', aboveIt),
  'other-section.conf': rejected('no section [fjr], [fjd] or [control]', howTo),
  'section-in-capitals.conf': rejected('no section [fjr], [fjd] or [control]', howTo),
  'section-unclosed.conf': rejected('line 1: "[fjr" stands before the first section', aboveIt),
  'default-only.conf': rejected('no section [fjr], [fjd] or [control]', howTo),
  'no-executable.conf': rejected('no "executable" in [fjr]', 'name the program to run'),
  'executable-empty.conf': rejected('no "executable" in [control]', 'name the program to run'),
  'json.conf': rejected('line 1: "{\\"executable\\": \\"true\\"}" stands before the first section', aboveIt),
  'yaml.conf': rejected('line 1: "---" stands before the first section', aboveIt),
  'html.conf': rejected(
    'line 1: "<html><body>404 Not Found</body></html>" stands before the first section',
    aboveIt,
  ),
  'merge-conflict.conf': bad(
    'neither ":" nor "=" in "<<<<<<< HEAD"',
    'write "key: value", or indent the line to continue the value above it',
  ),
  'latin1.conf': rejected(...notText),
  'utf16.conf': rejected(...notText),
  'utf8-cut.conf': rejected(...notText),
  'nul-in-executable.conf': rejected('"executable" holds a NUL byte', 'remove it'),
  'nul-in-workdir.conf': bad('workdir is "/tmp\u{fffd}/x"', 'expected a directory'),
  'nuls.conf': rejected(`line 1: "${'\\u0000'.repeat(60)}…" stands before the first section`, aboveIt),
  'elf.bin': rejected(...notText),
  'jpeg.jpg': rejected(...notText),
  'gzip.gz': rejected(...notText),
  'key-misspelt.conf': bad('unknown key "timout" in [fjr]', 'did you mean "timeout"?'),
  'key-with-underscore.conf': bad('unknown key "retry_delay" in [fjr]', 'did you mean "retry-delay"?'),
  'key-unknown.conf': bad('unknown key "walltime" in [fjr]', known),
  'key-of-prototype.conf': bad('unknown key "__proto__" in [fjr]', known),
  'key-duplicate.conf': bad('duplicate key "executable" (first on line 2)', 'keep one of the two'),
  'section-duplicate.conf': bad(
    'duplicate section "fjr" (first on line 1)',
    'put all its keys below one header',
  ),
  'line-without-delimiter.conf': bad(
    'neither ":" nor "=" in "nice"',
    'write "key: value", or indent the line to continue the value above it',
  ),
  'delimiter-without-key.conf': bad('no key before ": 5"', 'write "key: value"'),
  'timeout-soon.conf': bad('timeout is "soon"', duration),
  'timeout-0.conf': bad('timeout is "0"', duration),
  'timeout-negative.conf': bad('timeout is "-5"', duration),
  'retries-negative.conf': bad('retries is "-1"', 'expected a whole number from 0 to 1000'),
  'retries-fraction.conf': bad('retries is "1.5"', 'expected a whole number from 0 to 1000'),
  'retries-many.conf': bad('retries is "many"', 'expected a whole number from 0 to 1000'),
  'retry-delay-later.conf': bad('retry-delay is "later"', duration),
  'priority-high.conf': bad('priority is "high"', 'expected a whole number, higher goes first'),
  'priority-exponent.conf': bad('priority is "1e3"', 'expected a whole number, higher goes first'),
  'nice-20.conf': bad('nice is "20"', 'expected a whole number from -20 to 19'),
  'nice-nicely.conf': bad('nice is "nicely"', 'expected a whole number from -20 to 19'),
  'cpus-0.conf': bad('cpus is "0"', 'expected a whole number from 1'),
  'cpus-fraction.conf': bad('cpus is "0.5"', 'expected a whole number from 1'),
  'memory-lots.conf': bad('memory is "lots"', 'expected a size such as 512M or 4G'),
  'memory-negative.conf': bad('memory is "-1G"', 'expected a size such as 512M or 4G'),
  'gpus-negative.conf': bad('gpus is "-1"', 'expected a whole number from 0'),
  'resources-with-blank.conf': bad('resources is "MY POOL"', pools),
  'resources-none-of-it.conf': bad('resources is "PROXY*0"', pools),
  'resources-path.conf': bad('resources is "../PROXY"', pools),
  'workdir-empty.conf': bad('workdir is ""', 'expected a directory'),
  'logfile-empty.conf': bad('logfile is ""', 'expected a file name'),
  'env-without-value.conf': bad('env is "A"', variables),
  'env-digit.conf': bad('env is "1A=x"', variables),
  'env-not-ascii.conf': bad('env is "GRÖSSE=1"', variables),
  'no-program.conf': unstarted('cannot run /no/such/program: No such file or directory'),
  'no-program-on-path.conf': unstarted('cannot run no-such-program: No such file or directory'),
  'no-program-in-shell.conf': exits(127),
  'program-is-directory.conf': unstarted('cannot run /usr: Permission denied'),
  'program-not-executable.conf': unstarted('cannot run /etc/passwd: Permission denied'),
  'shell-syntax.conf': exits(2),
  'shell-quote-open.conf': exits(2),
  'workdir-missing.conf': unstarted('cannot enter /no/such/place: No such file or directory'),
  'workdir-is-file.conf': unstarted('cannot enter /etc/passwd: Not a directory'),
  'logfile-impossible.conf': unstarted('cannot make the directory /etc/passwd: EEXIST'),
  'logfile-is-directory.conf': unstarted('cannot make the file /tmp: EISDIR'),
  'crlf.conf': done,
  'cr.conf': done,
  'bom.conf': done,
  'bom-crlf.conf': done,
  'no-final-newline.conf': done,
  'fjd-own-keys.conf': done,
  'control-own-keys.conf': done,
  'other-sections.conf': done,
  'continued.conf': done,
  'not-ascii.conf': done,
  'script-without-x.sh': done,
  'script-with-blanks.sh': done,
  'script-no-program.sh': rejected('line 1: no program after #!', 'for example: #!/bin/sh'),
  'script-no-such-interpreter.sh': unstarted('cannot run /no/such/interpreter: No such file or directory'),
  'script-directive-unknown.sh': rejected('line 2: unknown key "timout" in #FJR', 'did you mean "timeout"?'),
  'script-directive-bad.sh': rejected('line 2: nice is "99"', 'expected a whole number from -20 to 19'),
  'script-directive-twice.sh': bad('duplicate key "nice" (first on line 2)', 'remove one'),
  'script-directive-executable.sh': rejected('line 2: a script has no "executable"', 'leave it out'),
};

/** Files of the corpus of which no row speaks, and rows without a file. */
export function strays(): string[] {
  const present = readdirSync(corpus);
  return [
    ...present.filter((name) => !(name in files)),
    ...Object.keys(files).filter((name) => !present.includes(name)),
  ];
}

const ofCorpus = Object.entries(files).map(([name, fate]) =>
  content(name, readFileSync(`${corpus}/${name}`), fate),
);

/** Contents that are made here since they are large, or executable. */
const made: readonly Row[] = [
  content(
    '50-megabytes.conf',
    Buffer.alloc(50 * 2 ** 20, '# \n'),
    rejected('the file has 52428800 bytes, more than 1048576', 'keep data in files of its own'),
  ),
  content(
    '50-megabytes.sh',
    Buffer.concat([Buffer.from('#!/bin/sh\nexit 0\n'), Buffer.alloc(50 * 2 ** 20)]),
    done,
  ),
  content('one-megabyte.conf', `${good}#${'x'.repeat(2 ** 20 - good.length - 1)}`, done),
  content(
    'argument-too-long.conf',
    `[fjr]\nexecutable: true ${'x'.repeat(140_000)}\n`,
    unstarted('cannot run true: Argument list too long'),
  ),
  script('text-without-interpreter', 'exit 3\n', exits(3)),
  script('ini-that-may-be-executed.conf', good, exits(127)),
  script('kills-itself.sh', '#!/bin/sh\nkill -9 $$\n', fails({ kind: 'signal', signal: 'SIGKILL' })),
  script(
    'takes-too-long.sh',
    '#!/bin/sh\n#FJR timeout: 0.2\nsleep 60\n',
    fails({ kind: 'timeout', seconds: 0.2 }),
  ),
  script('deletes-its-file.sh', '#!/bin/sh\nrm "$FJR_JOB_FILE"\n', { kind: 'deleted by itself' }),
  script('empties-its-file.sh', '#!/bin/sh\n: > "$FJR_JOB_FILE"\n', done),
  script('is-a-directory-now.sh', '#!/bin/sh\nrm "$0"; mkdir "$0"; touch "$0/x"\n', done),
  script('prints-20-megabytes.sh', '#!/bin/sh\nyes 123456789 | head -c 20000000\n', done),
  script('complains-20-megabytes.sh', '#!/bin/sh\nyes 123456789 | head -c 20000000 >&2\nexit 1\n', exits(1)),
  script('prints-binary.sh', '#!/bin/sh\nhead -c 100000 /dev/urandom\nprintf "\\033[2J\\000"\n', done),
  script(
    'daemonises.sh',
    '#!/bin/sh\nsetsid sh -c "echo \\$\\$ > $LEDGER/daemon; exec sleep 600" & \nuntil [ -s "$LEDGER/daemon" ]; do sleep 0.05; done\n',
    done,
  ),
  script('leaves-children.sh', '#!/bin/sh\nsleep 600 & sleep 600 &\nexit 0\n', done),
  script('closes-its-output.sh', '#!/bin/sh\nexec >&- 2>&- <&-\nexit 0\n', done),
];

const longest = 'x'.repeat(215);
const euros = '€'.repeat(85);

/** Names; what is in the files is good. */
const names: readonly Row[] = [
  ...[
    'new\nline.conf',
    'tab\tand\rreturn.conf',
    '\u0001\u001b[31mred\u007f.conf',
    'quote\'s and "quotes".conf',
    '-rf',
    '--help',
    '-',
    'a b  c .conf',
    ' ',
    '$HOME `id` $(id);&|<>.conf',
    '*?[a-z]{x}.conf',
    'back\\slash\\n.conf',
    '%s%n.conf',
    'grüße 日本 \u{1f600}.conf',
    'gru\u0308ße.conf',
    '\u202etxt.conf',
    '#autosave#',
    '~tilde',
    'trailing.',
    'a..b',
    'dots.in.the.middle.conf',
    'a:b=c,d+e@f.conf',
    'me@example.org',
    'job.lock',
    'job.fenced',
    'job.out',
    'heartbeat',
    'crew.json',
    'running',
    'items',
    'node7-k3f9q2m4',
    'node7-k3f9q2m4.3',
    'cancel=now.conf',
    'cancel=k3f9q2m4n7',
    'undecodable-1-0',
    longest,
  ].map((name) => content(name, good, done)),
  content('z'.repeat(216), good, rejected('its name has 216 bytes, more than 215', badName, 'z'.repeat(215))),
  content('y'.repeat(255), good, rejected('its name has 255 bytes, more than 215', badName, 'y'.repeat(215))),
  content(euros, good, rejected('its name has 255 bytes, more than 215', badName, '€'.repeat(71))),
  ...['.hidden', '.hidden.conf.swp', 'draft.tmp', 'draft.conf~', '~', '....', '.submit-k3f9q2m4n7'].map(
    (name) => content(name, good, ignored),
  ),
];

/** Names that look like entries: as if they had been given back. */
const tokens: readonly (readonly [Row, string])[] = [
  ['token@k3f9q2m4n7.conf', 'token.conf'],
  ['counted@k3f9q2m4n7+x2+l1.conf', 'counted.conf'],
  ['nearly@k3f9q2m4nl.conf', 'nearly@k3f9q2m4nl.conf'],
].map(([name = '', job = '']) => [content(name, good, done), job]);

export const jobOfTokenName = new Map(tokens.map(([{ name }, job]) => [name, job]));

const undecodable = (bytes: Buffer): Row =>
  content(bytes, good, rejected('its name is not UTF-8', 'rename it', 'undecodable-name'));

const notAFile = 'copy a job file into the queue';

/** What is no file. */
const kinds: readonly Row[] = [
  {
    name: 'directory',
    put: (path) => mkdirSync(path),
    fate: rejected('it is a directory, not a file', notAFile),
  },
  {
    name: 'full-directory',
    put: (path) => {
      mkdirSync(path);
      writeFileSync(`${path.toString()}/job.conf`, good);
    },
    fate: rejected('it is a directory, not a file', notAFile),
  },
  {
    name: 'fifo',
    put: (path) => execFileSync('mkfifo', [path.toString()]),
    fate: rejected('it is a named pipe, not a file', notAFile),
  },
  {
    name: 'socket',
    put: (path) => {
      // A server that is killed leaves its socket behind.
      const serve =
        'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, 9))';
      spawnSync(process.execPath, ['-e', serve, path.toString()], { stdio: 'ignore' });
    },
    fate: rejected('it is a socket, not a file', notAFile),
  },
  {
    name: 'link-to-a-file',
    put: (path) => symlinkSync('/etc/passwd', path),
    fate: rejected('it is a symbolic link, not a file', notAFile),
  },
  {
    name: 'link-to-nowhere',
    put: (path) => symlinkSync('nowhere', path),
    fate: rejected('it is a symbolic link, not a file', notAFile),
  },
  {
    name: 'link-to-itself',
    put: (path) => symlinkSync('link-to-itself', path),
    fate: rejected('it is a symbolic link, not a file', notAFile),
  },
  {
    name: 'link-to-the-queue',
    put: (path) => symlinkSync('.', path),
    fate: rejected('it is a symbolic link, not a file', notAFile),
  },
  {
    name: 'hard-link.conf',
    put: (path) => {
      const other = `${path.toString().replace(/[^/]*$/, '')}../original.conf`;
      writeFileSync(other, good);
      linkSync(other, path);
    },
    fate: done,
  },
];

const ofRoot: readonly Row[] = [
  {
    name: 'device',
    put: (path) => execFileSync('mknod', [path.toString(), 'c', '1', '3']),
    fate: rejected('it is a device, not a file', notAFile),
  },
  ...['foreign.conf', 'foreign.sh'].map((name): Row => ({
    name,
    put: (path) => {
      writeFileSync(path, name.endsWith('.sh') ? '#!/bin/sh\n' : good, { mode: 0o755 });
      chownSync(path, nobody, nobody);
    },
    fate: rejected('it belongs to user 65534', 'each user has a project of their own'),
  })),
];

/** Jobs that wait for each other in vain. */
const waiting: readonly Row[] = [
  content(
    'after-itself.conf',
    `${good}after: after-itself.conf\n`,
    fails({ kind: 'dependency', reason: 'it waits for itself: after-itself.conf → after-itself.conf' }),
  ),
  content(
    'after-b.conf',
    `${good}after: after-a.conf\n`,
    fails({ kind: 'dependency', reason: 'it waits for itself: after-b.conf → after-a.conf → after-b.conf' }),
  ),
  content(
    'after-a.conf',
    `${good}after: after-b.conf\n`,
    fails({ kind: 'dependency', reason: 'it waits for itself: after-a.conf → after-b.conf → after-a.conf' }),
  ),
  content(
    'after-a-failure.conf',
    `${good}after: empty.conf\n`,
    fails({ kind: 'dependency', reason: 'it was to run after "empty.conf", which failed' }),
  ),
  content('after-a-success.conf', `${good}after: bom.conf, crlf.conf\n`, done),
];

export const rows: readonly Row[] = [
  ...ofCorpus,
  ...made,
  ...names,
  ...tokens.map(([row]) => row),
  undecodable(Buffer.from('latin1 gr\xfc\xdfe.conf', 'latin1')),
  undecodable(Buffer.from([0xff, 0xfe])),
  ...kinds,
  ...(isRoot ? ofRoot : []),
  ...waiting,
];

/** Jobs for which nobody here will ever have what they need. */
export const patient: readonly Row[] = [
  content('after-nobody.conf', `${good}after: never-submitted.conf\n`, ignored),
  content('cpus-too-many.conf', `${good}cpus: 1000000\n`, ignored),
  content('memory-too-much.conf', `${good}memory: 100000T\n`, ignored),
  content('gpus-too-many.conf', `${good}gpus: 10000\n`, ignored),
  content('pool-of-nobody.conf', `${good}resources: NOBODY\n`, ignored),
];
