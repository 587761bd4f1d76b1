import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FjrError } from '../../src/job/fjr-error.js';
import { keysOf, readKeys, readRemoteConf, refuseUnknownKeys } from '../../src/recruiter/remote-conf.js';
import { type CrewSettings, type Engine, crewKeys } from '../../src/recruiter/site.js';
import { type Sites, openSites } from '../../src/recruiter/sites.js';
import { shellWords } from '../../src/recruiter/shell-words.js';

const path = '/p/remote.conf';

function read(text: string): Partial<CrewSettings>[] {
  return readRemoteConf(text, path).map((section) => readKeys(section, crewKeys));
}

/** The message and the hint of what is thrown. */
function fault(action: () => unknown): (string | undefined)[] {
  try {
    action();
  } catch (error) {
    if (error instanceof FjrError) return [error.message, error.hint];
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the sections of remote.conf', () => {
  test('may stand in any order, with gaps in their numbers', () => {
    const text = '[host7]\nname: b\n\n[host2]\nname = a\n[laptop]\nname: c\n';
    expect(readRemoteConf(text, path).map(({ name, line }) => [name, line])).toEqual([
      ['host7', 2],
      ['host2', 5],
      ['laptop', 7],
    ]);
  });

  test('say what the issue of fjd users says', () => {
    const text = '[host1]\nname: localhost\nworkers: 3\n[host2]\nname: hyuga.sen.cwi.nl\nworkers: 5\n';
    expect(read(text)).toEqual([
      { name: 'localhost', workers: 3 },
      { name: 'hyuga.sen.cwi.nl', workers: 5 },
    ]);
  });

  test('may say much more, and [DEFAULT] says it for all', () => {
    const text = `[DEFAULT]
nice: 15
labels: big, gpu
[a]
name: a
workers: auto
workdir: /data/my project
multiplexer: screen
node: /opt/node/bin/node
env:
  A=1
  B=two words = three
gpus: 2
via: ssh
[b]
name: b
nice: -5
`;
    const labels = ['big', 'gpu'];
    expect(read(text)).toEqual([
      {
        name: 'a',
        workers: 'auto',
        workdir: '/data/my project',
        multiplexer: 'screen',
        node: '/opt/node/bin/node',
        env: { A: '1', B: 'two words = three' },
        gpus: 2,
        via: 'ssh',
        nice: 15,
        labels,
      },
      { name: 'b', nice: -5, labels },
    ]);
  });

  test.each([
    ['workers: 0', 'a whole number from 1 to 10000, or auto'],
    ['workers: 2.5', 'a whole number from 1 to 10000, or auto'],
    ['workers:', 'a whole number from 1 to 10000, or auto'],
    ['workdir: here', 'an absolute directory'],
    ['multiplexer: byobu', 'auto, tmux, screen or none'],
    ['node: node', 'the absolute path of node there'],
    ['env: 1=2', 'NAME=value, one on each line (further lines indented)'],
    ['labels: a b', 'words separated by commas'],
    ['gpus: -1', 'a whole number from 0'],
    ['nice: 20', 'a whole number from -20 to 19'],
    ['name:', "a host's name"],
  ])('with "%s" are refused, with file, line, value and what is expected', (line, expected) => {
    const [key = '', value = ''] = line.split(/: ?/);
    expect(fault(() => read(`[h]\n\n${line}\n`))).toEqual([
      `/p/remote.conf, line 3: [h] ${key} is "${value}"`,
      `expected ${expected}`,
    ]);
  });

  test('with unknown keys are refused, and the nearest that is known is named', () => {
    const refuse = (key: string) => () => {
      for (const section of readRemoteConf(`[h]\nname: a\n${key}: 1\n`, path))
        refuseUnknownKeys(section, keysOf(crewKeys));
    };
    expect(fault(refuse('wokers'))).toEqual([
      '/p/remote.conf, line 3: [h] unknown key "wokers"',
      'did you mean "workers"?',
    ]);
    expect(fault(refuse('colour'))[1]).toMatch(/^known are name, via, workers, /);
  });

  test('must be an INI file', () => {
    expect(fault(() => readRemoteConf('[h]\nname\n', path))[0]).toBe(
      '/p/remote.conf, line 2: neither ":" nor "=" in "name"',
    );
    expect(fault(() => readRemoteConf('[h]\n[h]\n', path))[0]).toBe(
      '/p/remote.conf, line 2: duplicate section "h" (first on line 1)',
    );
  });
});

describe('an engine', () => {
  const engine: Engine = {
    via: 'ssh',
    open: ({ name }) => {
      if (name === 'bad') throw new FjrError('remote-conf', 'bad indeed');
      return { name, hire: none, fire: none, pending: () => Promise.resolve([]) };
    },
  };
  const none = (): Promise<never> => Promise.reject(new Error('nobody asked'));
  const open = (text: string): Sites => openSites(text, path, [engine, { ...engine, via: 'slurm' }]);

  test('is chosen by `via`, and its bad sections cost nothing else', () => {
    const { open: sites, faults } = open('[a]\nvia: slurm\n[bad]\nname: x\n[b]\nname: y\n[c]\nvia: slurmm\n');
    expect(sites.map(({ section, via }) => [section, via])).toEqual([
      ['a', 'slurm'],
      ['b', 'ssh'],
    ]);
    expect(faults.map(({ message, hint }) => [message, hint])).toEqual([
      ['bad indeed', undefined],
      ['/p/remote.conf, line 8: [c] via is "slurmm"', 'did you mean "slurm"?'],
    ]);
  });

  test('is not asked where there is no section', () => {
    expect(fault(() => open('# [a]\n'))[0]).toBe('/p/remote.conf names no host');
  });
});

test('remote.conf.example can be read, and shows every key of a crew', () => {
  const text = readFileSync(new URL('../../remote.conf.example', import.meta.url), 'utf8');
  expect(read(text).length).toBeGreaterThan(1);
  const plain = text.replaceAll(/^# ?/gm, '');
  for (const key of [...keysOf(crewKeys), 'user', 'port', 'ssh_options'])
    expect(plain).toMatch(new RegExp(`^${key}:`, 'm'));
});

test.each([
  ['', []],
  ['  ', []],
  [' -F /a/b  -v ', ['-F', '/a/b', '-v']],
  [`-o 'ProxyCommand=nc %h %p' "a \\"b\\" \\n c"\\ d''e`, ['-o', 'ProxyCommand=nc %h %p', 'a "b" \\n c de']],
  [`''`, ['']],
  [`-o 'open`, undefined],
  ['back\\', undefined],
])('ssh_options are split as a shell would: %s', (line, words) => {
  expect(shellWords(line)).toEqual(words);
});
