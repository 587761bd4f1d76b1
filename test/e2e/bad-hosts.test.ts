import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect } from 'vitest';
import type { Result } from '../rig/background.js';
import { type Rig, dist } from '../rig/rig.js';
import { type HostOptions, type SshHosts, canHaveHosts, freePort, section, test } from '../rig/ssh-hosts.js';

/** A host that cannot be hired on: how it comes about, and what is said. */
interface BadHost {
  readonly prepare?: (rig: Rig, hosts: SshHosts) => HostOptions;
  /** Instead of a host of its own. */
  readonly instead?: (hosts: SshHosts, name: string) => Promise<void>;
  readonly keys?: (rig: Rig) => Record<string, string>;
  readonly reason: string | RegExp;
  readonly hint: string | RegExp;
}

const version = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

const badHosts: Readonly<Record<string, BadHost>> = {
  down: {
    instead: async (hosts, name) => hosts.at(name, await freePort()),
    reason: 'connection refused',
    hint: 'is sshd running there, and on this port?',
  },
  silent: {
    instead: async (hosts, name) => hosts.hang(name),
    keys: () => ({ more: '-o ConnectTimeout=1' }),
    reason: 'no answer',
    hint: 'is it on, and does it respond to others?',
  },
  nameless: {
    instead: async () => Promise.resolve(),
    keys: () => ({ more: '-o HostName=no..name' }),
    reason: 'no such host is known here',
    hint: /^check `name` of \[nameless\] in \/\S+\/remote\.conf \(line \d+\), or say in ~\/\.ssh\/config what it means$/,
  },
  'other-key': {
    prepare: () => ({ hostKey: 'wrong' }),
    reason: 'its host key is another than it was: a new machine, or somebody in between',
    hint: /^if you know why, remove the old key \(ssh-keygen -R other-key\) and connect once: ssh .* other-key$/,
  },
  'no-key': {
    prepare: () => ({ hostKey: 'unknown' }),
    reason: 'its host key is not known here',
    hint: /^connect once by hand and look at the key: ssh .* no-key$/,
  },
  denied: {
    prepare: () => ({ config: 'AuthorizedKeysFile none' }),
    reason: 'permission denied',
    hint: 'let it accept your key (ssh-copy-id denied), or hire from a terminal, where ssh can ask you',
  },
  'no-login': {
    prepare: (rig) => {
      writeFileSync(
        `${rig.directory}/passwd`,
        'root:x:0:0:root:/root:/usr/sbin/nologin\nsshd:x:100:65534::/run/sshd:/bin/false\n',
      );
      return { prepare: `mount --bind ${rig.directory}/passwd /etc/passwd` };
    },
    reason:
      'nothing could be started there: ssh ended with exit code 1 (This account is currently not available.)',
    hint: /^see what it says: ssh .* no-login$/,
  },
  'bad-options': {
    instead: async () => Promise.resolve(),
    keys: () => ({ more: '-o Nonsense=1' }),
    reason: 'ssh does not take its options: command-line: line 0: Bad configuration option: nonsense',
    hint: /^check `ssh_options` of \[bad-options\] in \S+ \(line \d+\), and ~\/\.ssh\/config$/,
  },
  'no-home': {
    prepare: (rig) => ({ prepare: `mount -t tmpfs none ${rig.fjrHome}` }),
    reason: /^no shared home: it does not see what is written here to \S+\/fjr\/default$/,
    hint: 'all hosts of a project must share the directory in which it lies: set FJR_HOME to one that they do',
  },
  'read-only': {
    prepare: ({ fjrHome }) => ({
      prepare: `mount --bind ${fjrHome} ${fjrHome} && mount -o remount,ro,bind ${fjrHome}`,
    }),
    reason: /^cannot lock \S+\/hire-read-only\.lock: EROFS$/,
    hint: 'the filesystem is read-only here',
  },
  'no-node': {
    keys: () => ({ node: '/opt/node/bin/node' }),
    reason: 'there is no Node at /opt/node/bin/node',
    hint: /^set `node` for \[no-node\] in \/\S+\/remote\.conf \(line \d+\) to its path there$/,
  },
  'old-node': {
    keys: (rig) => {
      writeFileSync(
        `${rig.directory}/node12`,
        '#!/bin/sh\n[ "$1" = --version ] && echo v12.22.9 && exit\nexit 1\n',
        {
          mode: 0o755,
        },
      );
      return { node: `${rig.directory}/node12` };
    },
    reason: /^Node v12\.22\.9 at \S+\/node12 is too old$/,
    hint: /^fjr needs Node 20\.19 or later: set `node` for \[old-node\] in \S+ \(line \d+\)$/,
  },
  'not-node': {
    keys: () => ({ node: '/bin/true' }),
    reason: '/bin/true is no Node that can be run',
    hint: /^set `node` for \[not-node\] in \S+ \(line \d+\) to the path of one that can$/,
  },
  'no-fjr': {
    prepare: () => ({ prepare: `mount -t tmpfs none ${dist}` }),
    reason: `there is no fjr at ${dist}/fjr-recruiter.js`,
    hint: 'install fjr in the shared home, or on each host at the same path',
  },
  'other-fjr': {
    prepare: (rig) => {
      const other = `${rig.directory}/other`;
      cpSync(dist, other, { recursive: true });
      for (const name of readdirSync(`${other}/chunks`)) {
        const path = `${other}/chunks/${name}`;
        writeFileSync(path, readFileSync(path, 'utf8').replaceAll(`"${version}"`, '"0.0.1"'));
      }
      return { prepare: `mount --bind ${other} ${dist}` };
    },
    reason: `fjr 0.0.1 is installed there, and ${version} here`,
    hint: 'install the same version on all hosts',
  },
  'no-workdir': {
    keys: () => ({ workdir: '/no/such/directory' }),
    reason: 'there is no directory /no/such/directory',
    hint: 'jobs start in --curdir, or `workdir` of remote.conf',
  },
};

function writeConf(rig: Rig, sections: readonly string[]): void {
  mkdirSync(rig.project().root, { recursive: true });
  writeFileSync(`${rig.project().root}/remote.conf`, sections.join('\n'));
}

/** What was said of each host on standard error: the line and the hint below it. */
function complaints({ stderr }: Result): Map<string, [string, string]> {
  const found = stderr.matchAll(/^\[fjr-recruiter\] Host (\S+): (.*)\.\nhint: (.*)$/gm);
  return new Map([...found].map(([, host = '', reason = '', hint = '']) => [host, [reason, hint]]));
}

describe.skipIf(!canHaveHosts)('hire', () => {
  test('says of each bad host what is wrong and what to do, and hires on the others meanwhile', async ({
    rig,
    hosts,
  }) => {
    const sections = [section('host0', { name: 'localhost', workers: 1 })];
    mkdirSync(rig.fjrHome);
    await hosts.start('good');
    await Promise.all(
      Object.entries(badHosts).map(async ([name, { prepare, instead }]) =>
        instead === undefined ? hosts.start(name, prepare?.(rig, hosts)) : instead(hosts, name),
      ),
    );
    for (const [name, { keys }] of Object.entries(badHosts)) {
      const { more = '', ...others } = keys?.(rig) ?? {};
      const { ssh_options: options = '' } = hosts.options;
      sections.push(section(name, { name, ssh_options: `${options} ${more}`, ...others }));
    }
    sections.push(section('last', { name: 'good', ...hosts.options, workers: 2, multiplexer: 'none' }));
    writeConf(rig, sections);

    const hired = await rig.run('fjr-recruiter', ['hire']);

    const said = complaints(hired);
    const expected = Object.entries(badHosts).map(([name, { reason, hint }]) => [
      name,
      [reason, hint].map((text): unknown => (typeof text === 'string' ? text : expect.stringMatching(text))),
    ]);
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(expected));
    expect(hired.code).toBe(3);
    expect(hired.stdout.split('\n').sort()).toEqual([
      '',
      '[fjr-recruiter] Host good: [fjr-recruiter] Hired 2 workers in project "default".',
      '[fjr-recruiter] Host localhost: [fjr-recruiter] Hired 1 worker in project "default".',
    ]);
    const count = Object.keys(badHosts).length;
    expect(hired.stderr).toMatch(
      new RegExp(`^\\[fjr-recruiter\\] ${count} hosts of ${count + 2} could not be hired on\\.$`, 'm'),
    );
    expect(
      rig
        .project()
        .crews()
        .map(({ host }) => host)
        .sort(),
    ).toEqual(['good', hostname()].sort());
    expect(readdirSync(rig.project().root).filter((name) => name.startsWith('.'))).toEqual([]);

    const fire = await rig.run('fjr-recruiter', ['fire']);
    expect(fire).toMatchObject({ code: 0, stderr: '' });
    expect(rig.project().pods()).toEqual([]);
  });
});
