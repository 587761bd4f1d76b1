import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { CrewFile } from '../../src/queue/crew-file.js';
import type { JournalLine } from '../../src/queue/journal.js';

export type Place = 'jobqueue' | 'done' | 'failed';

/** A line of a journal that says how an execution ended. */
export type Ending = Extract<JournalLine, { event: 'finish' | 'verdict' }>;
export type Start = Extract<JournalLine, { event: 'start' }>;

/** A job file in INI. */
export function ini(executable: string, settings: Record<string, string | number> = {}): string {
  const lines = Object.entries({ executable, ...settings }).map(([key, value]) => `${key}: ${value}`);
  return ['[fjr]', ...lines, ''].join('\n');
}

/** A project on disk, read as a person would: with `ls` and `cat`. It shares no code with what it checks. */
export class ProjectFiles {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Writes a job file straight into the queue, as `cp` does. */
  submit(name: string, content: string | Uint8Array, mode = 0o600): void {
    mkdirSync(`${this.root}/jobqueue`, { recursive: true, mode: 0o700 });
    const path = `${this.root}/jobqueue/${name}`;
    writeFileSync(path, content, { mode });
    chmodSync(path, mode);
  }

  /** The same, for a file that has been there for a while: dispatchers need no second look at it. */
  submitOld(name: string, content: string): void {
    this.submit(name, content);
    utimesSync(`${this.root}/jobqueue/${name}`, 1e9, 1e9);
  }

  /** Names of files as they are. */
  entries(place: Place): string[] {
    return list(`${this.root}/${place}`);
  }

  /** Names of jobs as their users know them, sorted. */
  jobs(place: Place): string[] {
    return this.entries(place).map(jobOf).sort();
  }

  /** Where all jobs are, to see at a glance. */
  places(): Record<Place | 'running', string[]> {
    return {
      jobqueue: this.entries('jobqueue'),
      running: this.pods().flatMap((pod) => list(`${this.root}/jobpods/${pod}/running`)),
      done: this.entries('done'),
      failed: this.entries('failed'),
    };
  }

  /** Names of jobs that crews were given and have not started. */
  assigned(): string[] {
    const names = this.pods().flatMap((pod) => list(`${this.root}/jobpods/${pod}`));
    return names.filter((name) => name.includes('@')).map(jobOf);
  }

  /** Names of the pods, fenced ones included. */
  pods(): string[] {
    return list(`${this.root}/jobpods`);
  }

  announced(): string[] {
    return list(`${this.root}/workerqueue`);
  }

  /** What the crews say of themselves. */
  crews(): CrewFile[] {
    return this.pods()
      .filter((pod) => !pod.startsWith('.') && existsSync(`${this.root}/jobpods/${pod}/crew.json`))
      .map((pod) => JSON.parse(readFileSync(`${this.root}/jobpods/${pod}/crew.json`, 'utf8')) as CrewFile);
  }

  /** How often a crew has shown that it lives; undefined: its pod is gone. */
  beats(crew: string): number | undefined {
    const path = `${this.root}/jobpods/${crew}/heartbeat`;
    const text = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
    return text === '' ? undefined : (JSON.parse(text) as { beat: number }).beat;
  }

  journal(): JournalLine[] {
    return list(`${this.root}/journal`)
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => readFileSync(`${this.root}/journal/${name}`, 'utf8').split('\n'))
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as JournalLine);
  }

  /** Outcomes that count: the file stands where the line says it would go. */
  outcomes(job: string): Ending[] {
    return this.journal().filter(
      (line): line is Ending =>
        (line.event === 'finish' || line.event === 'verdict') &&
        jobOf(line.entry) === job &&
        line.to !== 'queue' &&
        existsSync(`${this.root}/${line.to}/${line.entry}`),
    );
  }

  starts(job: string): Start[] {
    return this.journal().filter(
      (line): line is Start => line.event === 'start' && jobOf(line.entry) === job,
    );
  }

  /** What the accepted execution of a job printed; '' for what printed nothing. */
  log(job: string, stream: 'out' | 'err'): string {
    const path = `${this.root}/logs/${job}.${stream}`;
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** Items of a resource pool: name → value. */
  addPool(pool: string, items: Record<string, string>): void {
    mkdirSync(`${this.root}/resources/${pool}`, { recursive: true, mode: 0o700 });
    for (const [item, value] of Object.entries(items))
      writeFileSync(`${this.root}/resources/${pool}/${item}`, `${value}\n`);
  }

  pool(pool: string): string[] {
    return list(`${this.root}/resources/${pool}`);
  }
}

/** `job1@k3f9q2m4n7+x2.conf` → `job1.conf`. */
export function jobOf(entry: string): string {
  return entry.replace(/@[0-9a-z]{10}(\+[a-z]\d+)*(?=(\.[^.]*)?$)/, '');
}

function list(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}
