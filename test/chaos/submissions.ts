import { Random } from './random.js';

export type Way = 'cp' | 'mv' | 'submit';

/** What a job does: see chaos-job. */
export type JobKind = 'quick' | 'sleep' | 'flaky' | 'doomed' | 'pool' | 'after';

/** One job file that is put into the queue. */
export interface Submission {
  readonly id: string;
  /** Names may come again, ids do not. */
  readonly name: string;
  readonly kind: JobKind;
  readonly way: Way;
  readonly host: string;
  /** The job that it waits for. */
  readonly after: string | undefined;
  readonly content: string;
}

/** What is put into the queue at one time. */
export interface Wave {
  /** Seconds after the beginning. */
  readonly at: number;
  readonly submissions: readonly Submission[];
}

export interface WavesOptions {
  readonly seed: number;
  readonly hosts: readonly string[];
  readonly jobs: number;
  /** In which all waves come. */
  readonly seconds: number;
  /** The path of chaos-job. */
  readonly program: string;
}

const kinds: Readonly<Record<JobKind, number>> = {
  quick: 64,
  sleep: 12,
  flaky: 9,
  doomed: 4,
  pool: 6,
  after: 5,
};

/** Each this many-th job takes the name of an earlier one. */
const again = 40;

export function makeWaves({ seed, hosts, jobs, seconds, program }: WavesOptions): Wave[] {
  // Not the numbers of the faults' plan.
  const random = new Random(seed + 0x5eed);
  const count = Math.max(3, Math.min(24, Math.round(seconds / 6)));
  const names: string[] = [];
  const waves: Wave[] = [];
  for (let wave = 0, made = 0; wave < count; wave++) {
    const submissions: Submission[] = [];
    const earlier = names.length;
    for (; made < Math.round((jobs * (wave + 1)) / count); made++) {
      const twin = earlier > 0 && made % again === again - 1;
      const name = twin ? names[Math.floor(random.next() * earlier)]! : nameOf(wave, made);
      if (!twin) names.push(name);
      const kind = twin ? 'quick' : random.weighted(kinds);
      const after = kind === 'after' && names.length > 1 ? random.pick(names.slice(0, -1)) : undefined;
      submissions.push({
        id: `s${made}`,
        name,
        kind,
        // The others would replace a job of that name that still waits.
        way: twin ? 'submit' : random.weighted({ cp: 10, mv: 9, submit: 1 }),
        host: random.pick(hosts),
        after,
        content: contentOf(`s${made}`, kind, after, program, random),
      });
    }
    waves.push({ at: Math.round((wave * seconds * 10) / count) / 10, submissions });
  }
  return waves;
}

function nameOf(wave: number, number: number): string {
  return `w${wave}-${number}.conf`;
}

function contentOf(
  id: string,
  kind: JobKind,
  after: string | undefined,
  program: string,
  random: Random,
): string {
  const [argument, settings] = detailsOf(kind, random);
  return [
    '[fjr]',
    `executable: ${program} ${id} ${kind} ${argument}`,
    ...settings,
    ...(after === undefined ? [] : [`after: ${after}`]),
    '',
  ].join('\n');
}

function detailsOf(kind: JobKind, random: Random): [argument: number, settings: string[]] {
  switch (kind) {
    case 'quick':
    case 'after':
      return [0, []];
    case 'sleep':
      return [random.between(1, 3), ['retries: 1', 'retry-delay: 0']];
    case 'flaky':
      // Fails until its n-th attempt.
      return [random.pick([2, 3]), ['retries: 3', `retry-delay: ${random.pick([0, 1])}`]];
    case 'doomed':
      return [0, ['retries: 1', 'retry-delay: 0']];
    case 'pool':
      return [random.between(0.1, 1), ['resources: LICENCE', 'retries: 1', 'retry-delay: 0']];
  }
}
