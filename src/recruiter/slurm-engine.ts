import { parseWhole } from '../job/quantities.js';
import type { Layout } from '../queue/layout.js';
import type { Commands } from '../system/commands.js';
import { PilotSite, type PilotSystem, pilotLog } from './pilot-site.js';
import { type KeyTable, type Section, badValue, keysOf, readKeys, refuseUnknownKeys } from './remote-conf.js';
import type { PilotCrew } from './scheduler.js';
import { sessionName } from './session-name.js';
import { shellWords } from './shell-words.js';
import { type CrewSettings, type Engine, crewKeys } from './site.js';
import { Slurm } from './slurm.js';
import { parseTimeLimit } from './slurm-time.js';

/** What a section with `via: slurm` may say besides what every section may. */
interface SlurmSettings {
  readonly partition: string;
  readonly account: string;
  /** Minutes. */
  readonly time: number | 'UNLIMITED';
  readonly workersPerNode: number | 'auto';
  /** Pilots: each is a job of its own on one node, so that each starts as soon as it can. */
  readonly nodes: number;
  readonly min: number;
  readonly max: number;
  readonly sbatchOptions: readonly string[];
}

const word = (text: string): string | undefined => (/^[^\s,-][^\s,]*$/.test(text) ? text : undefined);
const count = (text: string): number | undefined => parseWhole(text, 0, 100_000);

const slurmKeys: KeyTable<SlurmSettings> = {
  partition: { key: 'partition', expected: 'the name of a partition', read: word },
  account: { key: 'account', expected: 'the name of an account', read: word },
  time: {
    key: 'time',
    expected: 'a time limit such as 30 (minutes), 12:00:00, 1-12:00:00, 90m or 12h',
    read: parseTimeLimit,
  },
  workersPerNode: {
    key: 'workers_per_node',
    expected: crewKeys.workers.expected,
    read: crewKeys.workers.read,
  },
  nodes: { key: 'nodes', expected: 'a whole number from 1', read: (text) => parseWhole(text, 1, 100_000) },
  min: { key: 'min', expected: 'a whole number from 0', read: count },
  max: { key: 'max', expected: 'a whole number from 0', read: count },
  sbatchOptions: {
    key: 'sbatch_options',
    expected: 'options of sbatch, quoted as in a shell',
    // Further lines follow anyway; who writes a shell's sign for it means no more than that.
    read: (text) => shellWords(text.replaceAll('\\\n', '\n')),
  },
};

const known = [...keysOf(crewKeys), ...keysOf(slurmKeys)];

export interface SlurmEngineContext {
  readonly system: PilotSystem;
  readonly commands: Commands;
  readonly uid: number;
  readonly project: string;
  readonly layout: Layout;
  /** Where all projects lie: pilots get it as FJR_HOME. */
  readonly home: string;
  /** The directory jobs start in, unless the section says another. */
  readonly directory: string;
  /** How fjr-worker is started here: node's path and the program's. */
  readonly worker: readonly [node: string, program: string];
  /** From the command line; a section may say otherwise. */
  readonly options: Readonly<Partial<Record<'lease' | 'gpus' | 'label' | 'nice', string>>>;
}

/** `via: slurm`: crews are Slurm's jobs. */
export class SlurmEngine implements Engine {
  readonly via = 'slurm';
  readonly #context: SlurmEngineContext;

  constructor(context: SlurmEngineContext) {
    this.#context = context;
  }

  open(section: Section): PilotSite {
    refuseUnknownKeys(section, known);
    const crew = readKeys(section, crewKeys);
    const slurm = readKeys(section, slurmKeys);
    const { layout, project, system, commands, uid } = this.#context;
    const name = crew.name ?? (slurm.partition === undefined ? section.name : `slurm-${slurm.partition}`);
    const workers = numberOf(slurm.workersPerNode ?? crew.workers);
    const pilot = this.#crew(crew, workers);
    const scheduler = new Slurm(commands, {
      jobName: sessionName(project, layout.root, section.name),
      uid,
      // A percent sign begins what Slurm puts in its place.
      logFile: pilotLog(layout.journal.replaceAll('%', '%%'), 'slurm', '%j'),
      sbatch: sbatchArguments(slurm, pilot),
      where: `[${section.name}] of ${section.path}`,
    });
    return new PilotSite(system, scheduler, {
      name,
      kind: 'slurm',
      project,
      layout,
      crew: pilot,
      ...pilotCounts(section, slurm),
    });
  }

  #crew(settings: Partial<CrewSettings>, workers: number | undefined): PilotCrew {
    const { worker, project, home, directory, options } = this.#context;
    const [node, program] = worker;
    const { env = {}, labels, nice } = settings;
    return {
      argv: [
        settings.node ?? node,
        program,
        '--project',
        project,
        ...option('--labels', labels?.join(',') ?? options.label),
        ...option('--nice', nice ?? options.nice),
        ...option('--lease', options.lease),
      ],
      env: { ...env, FJR_HOME: home },
      directory: settings.workdir ?? directory,
      workers,
      gpus: settings.gpus ?? Number(options.gpus ?? 0),
    };
  }
}

function option(name: string, value: string | number | undefined): string[] {
  return value === undefined || value === '' ? [] : [name, String(value)];
}

function numberOf(workers: number | 'auto' | undefined): number | undefined {
  return workers === 'auto' ? undefined : workers;
}

function pilotCounts(
  section: Section,
  { nodes, min = 0, max }: Partial<SlurmSettings>,
): { pilots: number; min: number; max: number } {
  const most = max ?? Math.max(nodes ?? 1, min);
  const line = section.keys.get('max')?.line ?? section.line;
  if (min > most)
    throw badValue(section, line, `max is ${most}, and min is ${min}`, 'max must not be less than min');
  return { pilots: nodes ?? 1, min, max: most };
}

/** Seconds before the limit at which Slurm tells a crew that has not gone by itself; it may do so half a minute early. */
const warning = 30;
/** Minutes below which such a warning would cost too much of the time: there the crew's own clock must do. */
const shortTime = 10;

function sbatchArguments(
  { partition, account, time, sbatchOptions = [] }: Partial<SlurmSettings>,
  { workers, gpus }: PilotCrew,
): string[] {
  return [
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    ...(account === undefined ? [] : [`--account=${account}`]),
    ...(time === undefined ? [] : [`--time=${time}`]),
    ...(typeof time === 'number' && time < shortTime ? [] : [`--signal=B:TERM@${warning}`]),
    ...(workers === undefined ? [] : [`--cpus-per-task=${workers}`]),
    ...(gpus === 0 ? [] : [`--gres=gpu:${gpus}`]),
    ...sbatchOptions,
  ];
}
