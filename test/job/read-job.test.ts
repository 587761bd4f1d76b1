import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Job, jobDefaults } from '../../src/job/job.js';
import { type JobFile, jobFileLimit, readJob } from '../../src/job/read-job.js';
import { JobFileError, settingNames } from '../../src/job/settings.js';

function file(content: string | Uint8Array, executable = false): JobFile {
  const bytes = Buffer.from(content as string);
  return { head: bytes.subarray(0, jobFileLimit), size: bytes.length, executable };
}

function ini(lines: string, section = 'fjr'): Job {
  return readJob(file(`[${section}]\nexecutable: true\n${lines}\n`));
}

/** Message and hint of a refusal. */
function refusal(read: () => unknown): [string, string | undefined] {
  try {
    read();
  } catch (error) {
    if (error instanceof JobFileError) return [error.message, error.hint];
    throw error;
  }
  throw new Error('the job file was accepted');
}

const howTo = 'a job file is a script that starts with #!, or has a section [fjr] with a key "executable"';

describe('an INI file', () => {
  test.each(['fjr', 'fjd', 'control'])('with a section [%s] is a job', (section) => {
    expect(readJob(file(`[${section}]\nexecutable = gzip -9\n`))).toEqual({
      ...jobDefaults,
      command: { kind: 'executable', line: 'gzip -9' },
    });
  });

  test('with several goes by [fjr], then [fjd], then [control]', () => {
    const section = (name: string): string => `[${name}]\nexecutable: ${name}\n`;
    const line = (text: string): unknown => readJob(file(text)).command;
    expect(line(section('control') + section('fjd') + section('fjr'))).toEqual({
      kind: 'executable',
      line: 'fjr',
    });
    expect(line(section('control') + section('fjd'))).toEqual({ kind: 'executable', line: 'fjd' });
  });

  test('may hold sections of the job’s own, whatever is in them', () => {
    expect(
      readJob(file('[mine]\ntimout: x\n[fjr]\nexecutable: a\n[other]\nexecutable: b\n')).command,
    ).toEqual({
      kind: 'executable',
      line: 'a',
    });
  });

  test('inherits [DEFAULT]', () => {
    expect(readJob(file('[DEFAULT]\npriority: 3\n[fjr]\nexecutable: a\n')).priority).toBe(3);
  });

  test.each(['\uFEFF[fjr]\nexecutable: a\n', '[fjr]\r\nexecutable: a\r\n', '# mine\n\n[fjr]\nEXECUTABLE=a'])(
    'may be written %j',
    (text) => {
      expect(readJob(file(text)).command).toEqual({ kind: 'executable', line: 'a' });
    },
  );

  test('is read whole up to its limit, and refused beyond', () => {
    const text = '[fjr]\nexecutable: a\n';
    const filled = (size: number): JobFile => file(text + '#'.repeat(size - text.length));
    expect(readJob(filled(jobFileLimit)).command).toEqual({ kind: 'executable', line: 'a' });
    expect(refusal(() => readJob(filled(jobFileLimit + 1)))).toEqual([
      'the file has 1048577 bytes, more than 1048576',
      'keep data in files of its own',
    ]);
  });

  test.each<[string, string | Uint8Array, string, string]>([
    ['that is empty', '', 'the file is empty', howTo],
    ['without a section of ours', '[job]\nexecutable: a\n', 'no section [fjr], [fjd] or [control]', howTo],
    ['with nothing but comments', '# later\n', 'no section [fjr], [fjd] or [control]', howTo],
    [
      'with nothing but [DEFAULT]',
      '[DEFAULT]\nexecutable: a\n',
      'no section [fjr], [fjd] or [control]',
      howTo,
    ],
    ['whose section is in capitals', '[FJR]\nexecutable: a\n', 'no section [fjr], [fjd] or [control]', howTo],
    ['without executable', '[fjr]\npriority: 1\n', 'no "executable" in [fjr]', 'name the program to run'],
    [
      'with an empty executable',
      '[fjd]\nexecutable:\n',
      'no "executable" in [fjd]',
      'name the program to run',
    ],
    [
      'with a NUL in its executable',
      '[fjr]\nexecutable: a\0b\n',
      '"executable" holds a NUL byte',
      'remove it',
    ],
    [
      'in Latin-1',
      Buffer.from('[fjr]\nexecutable: gr\xfc\xdfe\n', 'latin1'),
      'the file is not text in UTF-8',
      'to run a program, make it executable (chmod +x)',
    ],
    [
      'in UTF-16',
      Buffer.from('\uFEFF[fjr]\n', 'utf16le'),
      'the file is not text in UTF-8',
      'to run a program, make it executable (chmod +x)',
    ],
    [
      'that is no INI',
      'gzip -9 x\n',
      'line 1: "gzip -9 x" stands before the first section',
      'put a [section] line above it',
    ],
    [
      'with a duplicate key',
      '[fjr]\nexecutable: a\nexecutable: b\n',
      'line 3: duplicate key "executable" (first on line 2)',
      'keep one of the two',
    ],
  ])('%s is refused', (_, text, message, hint) => {
    expect(refusal(() => readJob(file(text)))).toEqual([message, hint]);
  });
});

describe('the key', () => {
  test.each<[string, string, Partial<Job>]>([
    ['timeout', '1h30m', { timeout: 5400, needs: { ...jobDefaults.needs, seconds: 5400 } }],
    ['labels', 'fast, bigmem', { needs: { ...jobDefaults.needs, labels: ['bigmem', 'fast'] } }],
    ['retries', '3', { retries: 3 }],
    ['retry-delay', '0.5', { retryDelay: 0.5 }],
    ['priority', '-7', { priority: -7 }],
    ['nice', '0', { nice: 0 }],
    ['nice', '-20', { nice: -20 }],
    ['cpus', '4', { needs: { ...jobDefaults.needs, cpus: 4 } }],
    ['memory', '2 GiB', { needs: { ...jobDefaults.needs, memory: 2 ** 31 } }],
    ['gpus', '1', { needs: { ...jobDefaults.needs, gpus: 1 } }],
    [
      'resources',
      'PROXY, LICENCE*2',
      {
        needs: {
          ...jobDefaults.needs,
          resources: [
            { pool: 'PROXY', count: 1 },
            { pool: 'LICENCE', count: 2 },
          ],
        },
      },
    ],
    [
      'resources',
      'A,A * 3\n B',
      {
        needs: {
          ...jobDefaults.needs,
          resources: [
            { pool: 'A', count: 4 },
            { pool: 'B', count: 1 },
          ],
        },
      },
    ],
    ['resources', '', { needs: { ...jobDefaults.needs, resources: [] } }],
    ['after', 'a.conf, b c.conf,\n  d', { after: ['a.conf', 'b c.conf', 'd'] }],
    ['workdir', '~/data', { workdir: '~/data' }],
    ['logfile', 'out/x.log', { logfile: 'out/x.log' }],
    ['env', 'A=1\n  B= two = 2\n\n  C=', { env: { A: '1', B: ' two = 2', C: '' } }],
    ['env', '__proto__=1', { env: JSON.parse('{"__proto__":"1"}') as Record<string, string> }],
  ])('%s may be %j', (key, value, expected) => {
    const { command: _, ...settings } = ini(`${key}: ${value}`);
    expect(JSON.stringify(sorted(settings))).toBe(JSON.stringify(sorted({ ...jobDefaults, ...expected })));
  });

  const duration = 'expected a duration such as 90, 90s, 5m or 1h30m';
  test.each([
    ['timeout', '0', duration],
    ['labels', 'two words', 'expected words separated by commas'],
    ['timeout', '-5', duration],
    ['timeout', '', duration],
    ['timeout', 'soon', duration],
    ['retries', '-1', 'expected a whole number from 0 to 1000'],
    ['retries', '1.5', 'expected a whole number from 0 to 1000'],
    ['retries', '1001', 'expected a whole number from 0 to 1000'],
    ['retry-delay', '-1', duration],
    ['priority', 'high', 'expected a whole number, higher goes first'],
    ['nice', '20', 'expected a whole number from -20 to 19'],
    ['cpus', '0', 'expected a whole number from 1'],
    ['cpus', '0.5', 'expected a whole number from 1'],
    ['memory', 'lots', 'expected a size such as 512M or 4G'],
    ['gpus', '-1', 'expected a whole number from 0'],
    ['resources', 'MY-POOL', 'expected pool names with optional counts, such as PROXY, LICENCE*2'],
    ['resources', 'A*0', 'expected pool names with optional counts, such as PROXY, LICENCE*2'],
    ['resources', '../A', 'expected pool names with optional counts, such as PROXY, LICENCE*2'],
    ['resources', '2*A', 'expected pool names with optional counts, such as PROXY, LICENCE*2'],
    ['workdir', '', 'expected a directory'],
    ['workdir', 'a\0b', 'expected a directory'],
    ['logfile', '', 'expected a file name'],
    ['logfile', 'a\0b', 'expected a file name'],
    ['env', 'A', 'expected NAME=value, one on each line (further lines indented)'],
    ['env', '1A=x', 'expected NAME=value, one on each line (further lines indented)'],
    ['env', 'A=x\0', 'expected NAME=value, one on each line (further lines indented)'],
  ])('%s may not be %j', (key, value, hint) => {
    const shown = value.replaceAll('\0', '\u{fffd}');
    expect(refusal(() => ini(`${key}: ${value}`))).toEqual([`line 3: ${key} is "${shown}"`, hint]);
  });

  test.each([
    ['timout', 'did you mean "timeout"?'],
    ['Time-out', 'did you mean "timeout"?'],
    ['retry_delay', 'did you mean "retry-delay"?'],
    ['priorty', 'did you mean "priority"?'],
    ['cpu', 'did you mean "cpus"?'],
    ['executabel', 'did you mean "executable"?'],
    ['environment', `known are ${settingNames.join(', ')}`],
    ['__proto__', `known are ${settingNames.join(', ')}`],
    ['constructor', `known are ${settingNames.join(', ')}`],
  ])('%s is not known in [fjr]', (key, hint) => {
    expect(refusal(() => ini(`${key}: 1`))).toEqual([
      `line 3: unknown key "${key.toLowerCase()}" in [fjr]`,
      hint,
    ]);
  });

  test.each(['fjd', 'control'])('of the job itself may stand in [%s]', (section) => {
    expect(ini('timout: 1\ntimeout: 5', section).timeout).toBe(5);
  });

  test('is never shown with more than a terminal can bear', () => {
    expect(refusal(() => ini(`priority: \u001b[31m${'x'.repeat(100)}`))).toEqual([
      `line 3: priority is "\u{fffd}[31m${'x'.repeat(55)}…"`,
      'expected a whole number, higher goes first',
    ]);
  });

  test('names are each a setting', () => {
    expect(settingNames).toEqual(
      'executable timeout retries retry-delay priority nice cpus memory gpus resources labels after workdir inputs outputs logfile env'.split(
        ' ',
      ),
    );
  });
});

describe('a script', () => {
  test.each([
    ['#!/bin/sh\necho\n', ['/bin/sh']],
    ['#! /usr/bin/env python3\n', ['/usr/bin/env', 'python3']],
    ['#!/usr/bin/env -S node --flag\n', ['/usr/bin/env', '-S node --flag']],
    ['#!/bin/sh\r\n', ['/bin/sh']],
    ['#!/bin/sh', ['/bin/sh']],
    ['#!\t/bin/sh \t\n', ['/bin/sh']],
  ])('%j that may not be executed is handed to its interpreter', (text, interpreter) => {
    expect(readJob(file(text)).command).toEqual({ kind: 'script', interpreter });
  });

  test('that may be executed is', () => {
    expect(readJob(file('#!/bin/sh\n', true)).command).toEqual({ kind: 'script', interpreter: [] });
  });

  test.each(['plain text\n', '[fjr]\nexecutable: a\n', '\x7fELF\0\xff'])(
    'is any file that may be executed: %j',
    (text) => {
      expect(readJob(file(Buffer.from(text, 'latin1'), true)).command).toEqual({
        kind: 'script',
        interpreter: [],
      });
    },
  );

  test('may be larger than an INI file', () => {
    expect(readJob(file(`#!/bin/sh\n${'#'.repeat(2 * jobFileLimit)}`)).command.kind).toBe('script');
  });

  test('of which nothing but #! is there is refused', () => {
    expect(refusal(() => readJob(file('#!\n')))).toEqual([
      'line 1: no program after #!',
      'for example: #!/bin/sh',
    ]);
    expect(refusal(() => readJob(file('#! \t \necho\n')))).toEqual([
      'line 1: no program after #!',
      'for example: #!/bin/sh',
    ]);
  });

  test('has its settings in its first comments', () => {
    const text =
      '#!/bin/sh\n# mine\n#FJR timeout: 5m\n#FJR Priority=2\n#FJR env: A=1\n#FJR env: B=2\n\n#FJR nice: 1\n';
    expect(readJob(file(text))).toEqual({
      ...jobDefaults,
      command: { kind: 'script', interpreter: ['/bin/sh'] },
      timeout: 300,
      needs: { ...jobDefaults.needs, seconds: 300 },
      priority: 2,
      env: expect.objectContaining({ A: '1', B: '2' }),
    });
  });

  test.each([
    ['#FJR timout: 5m', 'line 3: unknown key "timout" in #FJR', 'did you mean "timeout"?'],
    ['#FJR timeout: soon', 'line 3: timeout is "soon"', 'expected a duration such as 90, 90s, 5m or 1h30m'],
    ['#FJR executable: a', 'line 3: a script has no "executable"', 'leave it out'],
    ['#FJR nice: 1\n#FJR nice: 2', 'line 4: duplicate key "nice" (first on line 3)', 'remove one'],
  ])('with %j is refused', (directive, message, hint) => {
    expect(refusal(() => readJob(file(`#!/bin/sh\n#\n${directive}\n`)))).toEqual([message, hint]);
  });
});

test('whatever the bytes, a file is read or refused with a reason', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .string({
        unit: fc.constantFrom(
          '[fjr]',
          '\n',
          '#!',
          '#FJR ',
          'env',
          'nice',
          ':',
          ' ',
          '/',
          '\0',
          '=',
          'executable',
          '1',
          '\u{1f600}',
        ),
      })
      .map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(bytes, fc.boolean(), (content, executable) => {
      try {
        expect(readJob(file(content, executable)).needs.cpus).toBeGreaterThan(0);
      } catch (error) {
        if (!(error instanceof JobFileError)) throw error;
        expect(error.message).not.toBe('');
      }
    }),
    { numRuns: 2000 },
  );
});

function sorted(object: object): object {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
