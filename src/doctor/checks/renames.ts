import { FjrError } from '../../job/fjr-error.js';
import { trialPrefix } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { type Steps, create, link, list, mkdir, rename, rmdir } from '../../queue/steps.js';
import { fault, fine, type Verdict } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';

/** Something that the protocol relies upon, and a try of it in an empty directory. True: it held. */
interface Law {
  readonly name: string;
  readonly holds: (directory: string) => Steps<boolean>;
}

/** See "What is relied upon" in `src/queue/PROTOCOL.md`. */
const laws: readonly Law[] = [
  {
    name: 'a file that was renamed is gone from its old name',
    *holds(at) {
      yield* create(`${at}/a`, 'a\n');
      const [first, second] = [yield* rename(`${at}/a`, `${at}/b`), yield* rename(`${at}/a`, `${at}/c`)];
      return first === 'ok' && second === 'missing' && same(yield* list(at), ['b']);
    },
  },
  {
    name: 'a directory is made once',
    *holds(at) {
      return (yield* mkdir(`${at}/d`)) === 'ok' && (yield* mkdir(`${at}/d`)) === 'exists';
    },
  },
  {
    name: 'a new file never replaces another',
    *holds(at) {
      return (yield* create(`${at}/f`, '1\n')) === 'ok' && (yield* create(`${at}/f`, '2\n')) === 'exists';
    },
  },
  {
    name: 'a link never replaces a file',
    *holds(at) {
      yield* create(`${at}/f`, '\n');
      return (yield* link(`${at}/f`, `${at}/g`)) === 'ok' && (yield* link(`${at}/f`, `${at}/g`)) === 'exists';
    },
  },
  {
    name: 'a directory that holds something is not removed',
    *holds(at) {
      yield* mkdir(`${at}/d`);
      yield* create(`${at}/d/f`, '\n');
      return (yield* rmdir(`${at}/d`)) === 'not-empty' && same(yield* list(`${at}/d`), ['f']);
    },
  },
  {
    name: 'a directory never replaces one that holds something',
    *holds(at) {
      for (const name of ['d', 'e']) {
        yield* mkdir(`${at}/${name}`);
        yield* create(`${at}/${name}/of-${name}`, '\n');
      }
      return (yield* rename(`${at}/d`, `${at}/e`)) === 'not-empty' && same(yield* list(`${at}/e`), ['of-e']);
    },
  },
];

function same(names: readonly string[] | undefined, expected: readonly string[]): boolean {
  return names?.length === expected.length && expected.every((name) => names.includes(name));
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
      attempt(broken, `does not hold here: ${name}`, () => perform(files, holds(directory)));
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
