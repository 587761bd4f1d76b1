import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** One line that a job wrote itself: see chaos-job. */
export interface LedgerLine {
  /** Seconds since 1970; all hosts share the machine's clock. */
  readonly time: number;
  readonly token: string;
  /** The id of the submission. */
  readonly submission: string;
  readonly event: string;
  readonly details: readonly string[];
  readonly host: string;
}

/** One execution, as the job itself told it. */
export interface Execution {
  readonly token: string;
  readonly submission: string;
  readonly host: string;
  readonly began: number;
  readonly job: string;
  readonly crew: string;
  /** Undefined: it was cut off. */
  readonly ended: number | undefined;
  readonly code: number | undefined;
}

/** What a submitter saw: 0 is success, anything else may have succeeded or not. */
export interface Submitted {
  readonly id: string;
  readonly code: number;
}

export function readLedger(directory: string): LedgerLine[] {
  return linesOf(directory, /^h\d+$/)
    .map(({ file, line }) => {
      const [time, token = '', submission = '', event = '', ...details] = line.split(' ');
      return { time: Number(time), token, submission, event, details, host: file };
    })
    .sort((a, b) => a.time - b.time);
}

export function readSubmitted(directory: string): Submitted[] {
  return linesOf(directory, /^submitted-/).map(({ line }) => {
    const [code, id = ''] = line.split(' ');
    return { id, code: Number(code) };
  });
}

export function executionsOf(ledger: readonly LedgerLine[]): Execution[] {
  const ends = new Map(ledger.filter(({ event }) => event === 'end').map((line) => [keyOf(line), line]));
  return ledger
    .filter(({ event }) => event === 'start')
    .map((line) => {
      const { token, submission, host, time, details } = line;
      const [job = '', , worker = ''] = details;
      const end = ends.get(keyOf(line));
      const code = end === undefined ? undefined : Number(end.details[0]);
      const crew = worker.replace(/\.\d+$/, '');
      return { token, submission, host, began: time, job, crew, ended: end?.time, code };
    });
}

function keyOf({ token, submission, host }: LedgerLine): string {
  return `${token} ${submission} ${host}`;
}

function linesOf(directory: string, names: RegExp): { file: string; line: string }[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => names.test(name))
    .flatMap((file) =>
      readFileSync(`${directory}/${file}`, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => ({ file, line })),
    );
}
