import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readJob } from '../../../src/job/read-job.js';
import {
  type SpecJob,
  formatSpecJob,
  idOfSpecJobName,
  parseSpecJob,
  specJobName,
} from '../../../src/job/spec/spec-job.js';

const job: SpecJob = {
  ...{ jobspec: 'resize', id: 17, created: '2026-11-24T09:15:00.000Z', parameters: { width: '80' } },
  ...{ command: 'convert', arguments: ['-x'], workingDirectory: null, preserve: ['PATH'] },
  ...{ environment: { JOBMGR_PARAMETER_WIDTH: '80' }, timeout: 2.5 },
};

function read(text: string): unknown {
  const head = Buffer.from(text);
  return readJob({ name: 'resize-17.json', head, size: head.length, executable: false });
}

describe('the job file of a spec', () => {
  test('is read as a job with its time limit', () => {
    expect(read(formatSpecJob(job))).toMatchObject({
      command: { kind: 'spec' },
      timeout: 2.5,
      needs: { seconds: 2.5 },
    });
  });

  test('brings back whatever a request may hold', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.dictionary(text, text), fc.array(text), (parameters, words) => {
        const hostile = { ...job, parameters, environment: parameters, arguments: words };
        const content = formatSpecJob(hostile);
        expect(parseSpecJob(Buffer.from(content))).toEqual(JSON.parse(JSON.stringify(hostile)));
        expect(read(content)).toEqual(read(formatSpecJob(job)));
      }),
    );
  });

  test.each<[string, string]>([
    ['is cut short', formatSpecJob(job).slice(0, -3)],
    ['lacks something', formatSpecJob({ ...job, command: undefined } as unknown as SpecJob)],
    ['has no command', formatSpecJob({ ...job, command: '' })],
    ['has a number among its arguments', formatSpecJob({ ...job, arguments: [1] } as unknown as SpecJob)],
    ['has no time', formatSpecJob({ ...job, timeout: 0 })],
    ['has a number that is none', formatSpecJob({ ...job, id: 1.5 })],
  ])('that %s is refused', (_title, content) => {
    expect(() => read(content)).toThrow("the spec's job is cut short or was changed");
  });

  test('is named after its spec and its number', () => {
    expect(specJobName('resize', 17)).toBe('resize-17.json');
    expect(idOfSpecJobName('re-size-17.json')).toBe(17);
    const others = [
      'resize.json',
      'resize-0.json',
      'resize-017.json',
      '-17.json',
      'resize-17.conf',
      'a-1.json.x',
    ];
    expect(others.map(idOfSpecJobName)).toEqual(others.map(() => undefined));
  });
});
