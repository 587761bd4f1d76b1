import { FjrError } from '../../job/fjr-error.js';
import { trialPrefix } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { type Steps, create, link, list, mkdir, rename, rmdir } from '../../queue/steps.js';
import { fault, fine, type Verdict } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';

/** Something that the protocol relies upon, and a try of it in an empty directory. True: it held. */
interface Law {
  readonly name: string;
  readonly holds: (run: Run, directory: string) => boolean;
}

/** One step; `refused` for what the filesystem answers with an error that the protocol has no word for. */
type Run = <T>(steps: Steps<T>) => T | 'refused';

/** See "What is relied upon" in `src/queue/PROTOCOL.md`. */
const laws: readonly Law[] = [
  {
    name: 'a file that was renamed is gone from its old name',
    holds(run, at) {
      run(create(`${at}/a`, 'a\n'));
      const answers = [run(rename(`${at}/a`, `${at}/b`)), run(rename(`${at}/a`, `${at}/c`))];
      return same(answers, ['ok', 'missing']) && same(run(list(at)), ['b']);
    },
  },
  {
    name: 'a directory is made once',
    holds: (run, at) => same([run(mkdir(`${at}/d`)), run(mkdir(`${at}/d`))], ['ok', 'exists']),
  },
  {
    name: 'a new file never replaces another',
    holds: (run, at) => same([run(create(`${at}/f`, '')), run(create(`${at}/f`, ''))], ['ok', 'exists']),
  },
  {
    name: 'a link never replaces a file',
    holds(run, at) {
      for (const name of ['f', 'g']) run(create(`${at}/${name}`, name));
      return run(link(`${at}/f`, `${at}/h`)) === 'ok' && isRefused(run(link(`${at}/f`, `${at}/g`)));
    },
  },
  {
    name: 'a directory that holds something is not removed',
    holds(run, at) {
      run(mkdir(`${at}/d`));
      run(create(`${at}/d/f`, ''));
      return isRefused(run(rmdir(`${at}/d`))) && same(run(list(`${at}/d`)), ['f']);
    },
  },
  {
    name: 'a directory never replaces one that holds something',
    holds(run, at) {
      for (const name of ['d', 'e']) {
        run(mkdir(`${at}/${name}`));
        run(create(`${at}/${name}/of-${name}`, ''));
      }
      // By sshfs with EPERM.
      return isRefused(run(rename(`${at}/d`, `${at}/e`))) && same(run(list(`${at}/e`)), ['of-e']);
    },
  },
];

const isRefused = (answer: string): boolean => ['exists', 'not-empty', 'refused'].includes(answer);

function same(seen: unknown, expected: readonly string[]): boolean {
  return JSON.stringify(seen) === JSON.stringify(expected);
}

/** Tries, in a directory made for it, what the protocol relies upon; then moves a file through all of the project's. */
export function checkRenames({ files, premises }: DoctorSystem, { layout, nonce }: Patient): Verdict[] {
  const trial = `${layout.trial(nonce)}-laws`;
  const traveller = `${trialPrefix}${nonce}`;
  const broken: Verdict[] = [];
  try {
    for (const [index, { name, holds }] of laws.entries()) {
      const directory = `${trial}/${index}`;
      files.ensureDirectory(directory);
      attempt(broken, `does not hold here: ${name}`, () => holds(tried(files), directory));
    }
    // What is missing is told by another check.
    const way = layout.directories.filter((path) => premises.look(path)?.kind === 'directory');
    const travelled = (): boolean => perform(files, travel(way, trial, traveller));
    if (!attempt(broken, 'a file cannot be moved through the directories', travelled))
      for (const directory of way) premises.remove(`${directory}/${traveller}`);
  } finally {
    premises.remove(trial);
  }
  return broken.length > 0 ? broken : [fine(`all ${laws.length + 1} things hold that jobs' safety rests on`)];
}

function tried(files: DoctorSystem['files']): Run {
  return (steps) => {
    try {
      return perform(files, steps);
    } catch (error) {
      if (error instanceof FjrError) return 'refused';
      throw error;
    }
  };
}

/** A bind mount may have the same device number and yet refuse: only trying tells. */
function* travel(way: readonly string[], trial: string, name: string): Steps<boolean> {
  yield* create(`${trial}/${name}`, '\n');
  let at = trial;
  for (const next of [...way, trial]) {
    if ((yield* rename(`${at}/${name}`, `${next}/${name}`)) !== 'ok') return false;
    at = next;
  }
  return true;
}

function attempt(broken: Verdict[], what: string, holds: () => boolean): boolean {
  const hint = 'fjr must not be used on this filesystem: set FJR_HOME to another';
  try {
    if (holds()) return true;
    broken.push(fault(what, hint));
  } catch (error) {
    if (!(error instanceof FjrError)) throw error;
    broken.push(fault(`${what} (${error.message})`, error.hint ?? hint));
  }
  return false;
}
