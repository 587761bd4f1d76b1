import { FjrError } from '../job/fjr-error.js';
import type { CommandResult, Commands } from '../system/commands.js';
import { pilotScript } from './pilot-script.js';
import type { Pilot, PilotCrew, Scheduler } from './scheduler.js';

export interface SlurmOptions {
  /** All pilots of one site have this name, and no other job of this user has it. */
  readonly jobName: string;
  readonly uid: number;
  /** Where a pilot prints, `%j` for its id. */
  readonly logFile: string;
  /** What the site asks of sbatch. What comes later wins. */
  readonly sbatch: readonly string[];
  /** What to look at when sbatch refuses. */
  readonly where: string;
}

/** Seconds that a controller may take to answer. */
const patience = 60;

/** Pilots in Slurm, by sbatch, squeue and scancel alone: they work wherever Slurm does. */
export class Slurm implements Scheduler {
  readonly #commands: Commands;
  readonly #options: SlurmOptions;

  constructor(commands: Commands, options: SlurmOptions) {
    this.#commands = commands;
    this.#options = options;
  }

  async list(): Promise<readonly Pilot[]> {
    const { jobName, uid } = this.#options;
    const whose = [`--name=${jobName}`, `--user=${uid}`];
    // Of the ended ones Slurm remembers those of the last minutes.
    const result = await this.#run([
      'squeue',
      '--noheader',
      ...whose,
      '--states=all',
      '--format=%i|%T|%r|%N',
    ]);
    if (result.exitCode !== 0) throw refusal('squeue', result, 'see whether Slurm is well: scontrol ping');
    return result.stdout.split('\n').flatMap(parsePilot);
  }

  async submit(crew: PilotCrew): Promise<string> {
    const { jobName, logFile, sbatch, where } = this.#options;
    const job = ['--nodes=1-1', '--ntasks=1', `--job-name=${jobName}`];
    // A pilot that is started anew must not wipe out what it printed before.
    const output = [`--output=${logFile}`, '--open-mode=append'];
    // From standard input: a file would have to be kept until the job starts, a command line has bounds.
    const input = pilotScript(crew, slurmFacts(crew));
    const result = await this.#run(['sbatch', '--parsable', ...job, ...output, ...sbatch], input);
    // A site's own plugins may print more.
    const id = /^(\d+)(?:;.*)?$/m.exec(result.stdout)?.[1];
    if (result.exitCode === 0 && id !== undefined) return id;
    throw refusal('sbatch', result, hintFor(result.stderr, where));
  }

  async cancel(ids: readonly string[], which: 'waiting' | 'all'): Promise<void> {
    if (ids.length === 0) return;
    // Its exit code says nothing: some of them may have gone by themselves. Who cancels looks again.
    await this.#run(['scancel', ...(which === 'waiting' ? ['--state=PENDING'] : []), ...ids]);
  }

  async signal(ids: readonly string[], signal: 'TERM' | 'USR2'): Promise<void> {
    if (ids.length === 0) return;
    // --batch: the script's process alone, which is the crew. Without it Slurm signals the jobs instead.
    await this.#run(['scancel', `--signal=${signal}`, '--batch', ...ids]);
  }

  async #run(argv: readonly string[], input = ''): Promise<CommandResult> {
    const [program = ''] = argv;
    const result = await this.#commands.run(argv, { timeout: patience, input });
    if (result.notFound)
      throw new FjrError('slurm', `there is no ${program} here`, {
        hint: `Slurm's commands are on its login nodes: run fjr-recruiter there, or take out ${this.#options.where}`,
      });
    if (result.timedOut)
      throw new FjrError('slurm', `${program} did not answer in ${patience} s`, {
        hint: 'see whether Slurm is well: scontrol ping',
      });
    return result;
  }
}

/**
 * What a pilot finds out when it starts. Its time: Slurm may give less than was asked for, or later change its mind, so
 * that only the job itself knows. It leaves a tenth of it, at most a minute, before Slurm would end it; without a limit
 * (or without an answer) it stays. CPUs, memory and GPUs: what was granted, not what the node has.
 */
function slurmFacts({ workers, gpus }: PilotCrew): string {
  return `cpus=\${SLURM_CPUS_ON_NODE:-1}
set -- --workers ${workers ?? '"$cpus"'} --session "slurm:$SLURM_JOB_ID"
set -- "$@" --cpus "$cpus" --gpus "\${SLURM_GPUS_ON_NODE:-${gpus}}"
memory=\${SLURM_MEM_PER_NODE:-$((\${SLURM_MEM_PER_CPU:-0} * cpus))}
if [ "$memory" -gt 0 ]; then set -- "$@" --memory "\${memory}M"; fi
if [ -n "$SLURM_JOB_END_TIME" ]; then
  left=$((SLURM_JOB_END_TIME - $(date +%s)))
else
  left=$(squeue --noheader --jobs="$SLURM_JOB_ID" --format=%L | awk -F: '/^[0-9]/ {
    if (split($1, first, "-") == 2) { days = first[1]; $1 = first[2] }
    for (field = 1; field <= NF; field++) seconds = seconds * 60 + $field
    print days * 86400 + seconds
  }')
fi
if [ -n "$left" ]; then
  margin=$((left / 10))
  if [ "$margin" -gt 60 ]; then margin=60; fi
  left=$((left - margin))
  if [ "$left" -lt 1 ]; then left=1; fi
  set -- "$@" --time-left "$left"
fi`;
}

const phases: Readonly<Record<string, Pilot['phase']>> = {
  PENDING: 'waiting',
  REQUEUED: 'waiting',
  REQUEUE_FED: 'waiting',
  REQUEUE_HOLD: 'waiting',
  RESV_DEL_HOLD: 'waiting',
  SPECIAL_EXIT: 'waiting',
  CONFIGURING: 'running',
  RUNNING: 'running',
  RESIZING: 'running',
  SIGNALING: 'running',
  STAGE_OUT: 'running',
  STOPPED: 'running',
  SUSPENDED: 'running',
  COMPLETING: 'ending',
  BOOT_FAIL: 'failed',
  DEADLINE: 'failed',
  FAILED: 'failed',
  NODE_FAIL: 'failed',
  OUT_OF_MEMORY: 'failed',
};

/** One line of squeue; nothing for a pilot that has ended as it should. */
function parsePilot(line: string): Pilot[] {
  const [id = '', state = '', reason = '', node = ''] = line.trim().split('|');
  const phase = phases[state];
  if (phase === undefined) return [];
  return [{ id, phase, state, reason: reason === 'None' && node !== '' ? `on ${node}` : reason }];
}

/** Slurm's own words, without its stammer. */
function refusal(program: string, { exitCode, stderr }: CommandResult, hint: string): FjrError {
  const lines = stderr.split('\n').map((line) => line.replace(/^\w+: (?:error: )?/, '').trim());
  const words = lines.filter((line) => line !== '').join('; ');
  const what = words === '' ? `exit code ${exitCode ?? '?'}` : words;
  return new FjrError('slurm', `${program}: ${what}`, { hint });
}

const hints: readonly (readonly [RegExp, string])[] = [
  [/account/i, '`account`; sacctmgr show associations user=$USER lists yours'],
  [/partition/i, '`partition`; sinfo --summarize lists those there are'],
  [/time/i, '`time`; sinfo --format="%P %l" lists the limits'],
];

function hintFor(stderr: string, where: string): string {
  if (/contact slurm controller/i.test(stderr)) return 'see whether Slurm is well: scontrol ping';
  const [, what = '`sbatch_options`'] = hints.find(([pattern]) => pattern.test(stderr)) ?? [];
  return `in ${where} see ${what}`;
}
