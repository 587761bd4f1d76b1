import { idOfSpecJobName } from '../../job/spec/spec-job.js';
import { parseEntryName } from '../../queue/entry-name.js';
import { type JobQuery, type JobState, jobKinds, jobStates } from './job-index.js';
import { JobOrder } from './job-order.js';
import { type JobFacts, JobRecord, kindOf } from './job-record.js';
import { type RecordPage, readPage } from './read-page.js';

/** All jobs that are known of: by id, by name, and in the order of their changes by state. */
export class JobRegister {
  readonly #byId = new Map<string, JobRecord>();
  readonly #byName = new Map<string, JobRecord | Namesakes>();
  /** Names of jobs of specs, by their numbers: of most there is one. */
  readonly #numbered = new Map<number, readonly string[]>();
  /** By state, then by kind. */
  readonly #orders: readonly JobOrder[] = jobStates.flatMap(() => jobKinds.map(() => new JobOrder()));

  get size(): number {
    return this.#byId.size;
  }

  /** A job is in this state now. Returns how it stood before, under the same id. */
  put(id: string, state: JobState, facts: JobFacts): { record: JobRecord; before: JobRecord | undefined } {
    const before = this.#byId.get(id);
    const name = before?.name ?? parseEntryName(id).job;
    // A plain name is an id, too: one string for both.
    const record = new JobRecord(
      before?.id ?? (name === id ? name : id),
      name,
      jobStates.indexOf(state),
      facts,
    );
    if (before !== undefined) this.#drop(before);
    this.#byId.set(record.id, record);
    const known = this.#byName.get(name);
    if (known === undefined) this.#addName(name, record);
    else if (known instanceof Namesakes) known.add(record);
    else this.#byName.set(name, new Namesakes(known, record));
    this.#orderOf(record).add(record);
    return { record, before };
  }

  remove(id: string): JobRecord | undefined {
    const record = this.#byId.get(id);
    if (record === undefined) return undefined;
    this.#byId.delete(id);
    this.#drop(record);
    return record;
  }

  get(id: string): JobRecord | undefined {
    return this.#byId.get(id);
  }

  /** The job of this id; a name means the one that waits or runs, or else the newest outcome. */
  find(nameOrId: string): JobRecord | undefined {
    const exact = this.#byId.get(nameOrId);
    if (exact !== undefined) return exact;
    const known = this.#byName.get(nameOrId);
    return known instanceof Namesakes ? known.newest() : known;
  }

  /** Jobs that may be the one of this number that came through a server: what is live first, then the newest. */
  numbered(number: number): JobRecord[] {
    return (this.#numbered.get(number) ?? []).flatMap((name) => {
      const known = this.#byName.get(name);
      if (known instanceof Namesakes) return known.newestFirst();
      return known === undefined ? [] : [known];
    });
  }

  /** The jobs of this name that wait or run; mostly one. */
  liveOf(name: string): Iterable<JobRecord> {
    const known = this.#byName.get(name);
    if (known instanceof Namesakes) return [...known.live];
    return known?.isLive === true ? [known] : [];
  }

  page({ states, kinds, text, after, limit }: JobQuery): RecordPage {
    const wanted = text?.toLowerCase() ?? '';
    const runs = this.#select(states, kinds).flatMap((order) => order.runs());
    const accept = (record: JobRecord): boolean =>
      wanted === '' || record.name.toLowerCase().includes(wanted);
    return readPage(runs, accept, limit, after);
  }

  /** How many jobs there are in a state. */
  count(state: JobState): number {
    return this.#select([state], undefined).reduce((sum, { size }) => sum + size, 0);
  }

  all(): Iterable<JobRecord> {
    return this.#byId.values();
  }

  #select(states: JobQuery['states'], kinds: JobQuery['kinds']): JobOrder[] {
    return this.#orders.filter((_, index) => {
      const [state, kind] = [jobStates[index >> 1], jobKinds[index & 1]];
      const isAsked = <T>(value: T | undefined, asked: readonly T[] | undefined): boolean =>
        asked === undefined || asked.length === 0 || (value !== undefined && asked.includes(value));
      return isAsked(state, states) && isAsked(kind, kinds);
    });
  }

  /** From its name and its order. */
  #drop(record: JobRecord): void {
    record.gone = true;
    this.#orderOf(record).noteGone();
    const known = this.#byName.get(record.name);
    if (!(known instanceof Namesakes) || known.remove(record) === 0) this.#removeName(record.name);
  }

  #addName(name: string, record: JobRecord): void {
    this.#byName.set(name, record);
    const number = idOfSpecJobName(name);
    if (number !== undefined) this.#numbered.set(number, [...(this.#numbered.get(number) ?? []), name]);
  }

  #removeName(name: string): void {
    this.#byName.delete(name);
    const number = idOfSpecJobName(name);
    if (number === undefined) return;
    const rest = (this.#numbered.get(number) ?? []).filter((other) => other !== name);
    if (rest.length > 0) this.#numbered.set(number, rest);
    else this.#numbered.delete(number);
  }

  #orderOf({ stateIndex, name }: JobRecord): JobOrder {
    const order = this.#orders[stateIndex * jobKinds.length + jobKinds.indexOf(kindOf(name))];
    if (order === undefined) throw new Error(`there is no state ${stateIndex}`);
    return order;
  }
}

/** Jobs of one name. There may be a hundred thousand outcomes of it, but few of them are live. */
class Namesakes {
  readonly live = new Set<JobRecord>();
  readonly #ended = new Set<JobRecord>();

  constructor(...records: readonly JobRecord[]) {
    for (const record of records) this.add(record);
  }

  add(record: JobRecord): void {
    (record.isLive ? this.live : this.#ended).add(record);
  }

  /** How many are left. */
  remove(record: JobRecord): number {
    (record.isLive ? this.live : this.#ended).delete(record);
    return this.live.size + this.#ended.size;
  }

  newestFirst(): JobRecord[] {
    const sorted = (records: Set<JobRecord>): JobRecord[] =>
      [...records].sort((a, b) => b.changed - a.changed);
    return [...sorted(this.live), ...sorted(this.#ended)];
  }

  newest(): JobRecord | undefined {
    let newest: JobRecord | undefined;
    for (const record of this.live.size > 0 ? this.live : this.#ended)
      if (newest === undefined || record.changed > newest.changed) newest = record;
    return newest;
  }
}
