import { type Token, newToken } from '../../queue/token.js';
import { describeFailure } from '../describe-failure.js';
import type { JobChange } from '../feed/job-index.js';
import { jobJson } from '../feed/job-json.js';
import type { LiveIndex } from '../feed/live-index.js';
import type { CrewSummary } from '../feed/pod-watch.js';
import type { Served } from '../served.js';
import { type EventId, formatEventId } from './event-id.js';
import { RunProgress } from './run-progress.js';

export const eventTypes = [
  'job.waiting',
  'job.assigned',
  'job.running',
  'job.done',
  'job.failed',
  'job.removed',
  'run.progress',
  'crew.joined',
  'crew.left',
  'counts',
] as const;
export type EventType = (typeof eventTypes)[number];

/** An event as it is sent: its bytes are made once, however many listen. */
export interface FeedEvent {
  readonly type: EventType;
  /** The names by which the job that it is about can be asked for. */
  readonly about: readonly string[];
  readonly bytes: Uint8Array;
}

/** What is remembered for those who come back. */
const remembered = { events: 20_000, bytes: 8 * 1024 * 1024 };
/** Milliseconds between two looks at what is not told as it happens. */
const tick = 1_000;

/** Tells of what happens in the project, in order, to whoever listens; and remembers it for a while. */
export class EventFeed {
  readonly #served: Served;
  readonly #index: LiveIndex;
  readonly #server: Token = newToken();
  readonly #listeners = new Set<(event: FeedEvent) => void>();
  readonly #runs: RunProgress;
  #events: FeedEvent[] = [];
  /** Where the first remembered one is: those before it are let go of together. */
  #first = 0;
  #bytes = 0;
  #number = 0;
  #counts = '';
  #crews = new Map<string, CrewSummary>();
  #isStarted = false;

  constructor(served: Served, index: LiveIndex) {
    this.#served = served;
    this.#index = index;
    this.#runs = new RunProgress(served, index);
    index.onChange((change) => {
      this.#tellJob(change);
    });
    const timer = setInterval(() => {
      this.#look();
    }, tick);
    timer.unref();
    served.closing.addEventListener('abort', () => {
      clearInterval(timer);
    });
  }

  get position(): EventId {
    return { watermark: this.#index.watermark, server: this.#server, number: this.#number };
  }

  listen(listener: (event: FeedEvent) => void): () => void {
    // From here on who comes is news.
    if (!this.#isStarted) this.#look();
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** What came after an event; undefined: it was another server's, or it is too long ago. */
  after({ server, number }: EventId): FeedEvent[] | undefined {
    const oldest = this.#number - (this.#events.length - this.#first);
    if (server !== this.#server || number < oldest || number > this.#number) return undefined;
    return this.#events.slice(this.#first + number - oldest);
  }

  /** All that has happened since, as it stands now; undefined: that is too much to tell. */
  async since({ watermark }: EventId): Promise<FeedEvent[] | undefined> {
    const jobs = await this.#index.changedSince(watermark, remembered.events);
    const crews = this.#index.crews.filter(({ born }) => !(Date.parse(born) < watermark - mostSkew));
    return jobs === undefined
      ? undefined
      : [
          ...crews.map((crew) => makeEvent('crew.joined', crewJson(crew), [])),
          ...jobs.map((job) =>
            makeEvent(`job.${job.state}`, { ...jobJson(job), was: null }, [job.id, job.name]),
          ),
        ];
  }

  /** The totals, as an event out of turn. `id`: where whoever reads it is then. */
  counts(id: EventId | undefined): Uint8Array {
    return makeEvent('counts', this.#index.counts(), [], id).bytes;
  }

  #tellJob({ was, job, id, name }: JobChange): void {
    if (job === undefined) this.#tell('job.removed', { id, name }, [id, name]);
    else this.#tell(`job.${job.state}`, { ...jobJson(job), was: was ?? null }, [id, name]);
  }

  #look(): void {
    if (!this.#index.isBuilt) return;
    try {
      this.#compareCrews();
      const counts = JSON.stringify(this.#index.counts());
      if (counts !== this.#counts) this.#tell('counts', this.#index.counts(), []);
      this.#counts = counts;
      if (this.#listeners.size > 0)
        for (const { id, name, ...progress } of this.#runs.news())
          this.#tell('run.progress', { id, name, ...progress }, [id, name]);
    } catch (error) {
      this.#served.remark(describeFailure(error));
    }
  }

  #compareCrews(): void {
    const crews = new Map(this.#index.crews.map((crew) => [crew.crew as string, crew]));
    for (const [id, crew] of crews)
      if (this.#isStarted && !this.#crews.has(id)) this.#tell('crew.joined', crewJson(crew), []);
    for (const [id, crew] of this.#crews) if (!crews.has(id)) this.#tell('crew.left', crewJson(crew), []);
    this.#crews = crews;
    this.#isStarted = true;
  }

  #tell(type: EventType, data: object, about: readonly string[]): void {
    this.#number += 1;
    const event = makeEvent(type, data, about, this.position);
    this.#events.push(event);
    this.#bytes += event.bytes.length;
    while (this.#events.length - this.#first > remembered.events || this.#bytes > remembered.bytes)
      this.#bytes -= this.#events[this.#first++]?.bytes.length ?? 0;
    if (this.#first > remembered.events) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
    for (const listener of this.#listeners) listener(event);
  }
}

/** Clocks of hosts are not farther apart. Milliseconds. */
const mostSkew = 3_600_000;

function crewJson({ crew, host, workers }: CrewSummary): object {
  return { crew, host, workers };
}

function makeEvent(type: EventType, data: object, about: readonly string[], id?: EventId): FeedEvent {
  const head = id === undefined ? '' : `id: ${formatEventId(id)}\n`;
  return { type, about, bytes: Buffer.from(`${head}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`) };
}
