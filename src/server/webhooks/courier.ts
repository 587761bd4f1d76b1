import type { JobChange, JobSummary } from '../feed/job-index.js';
import type { LiveIndex } from '../feed/live-index.js';
import { describeFailure } from '../describe-failure.js';
import type { Served } from '../served.js';
import type { ServerPaths } from '../server-paths.js';
import { type Message, makeMessage, messageId } from './message.js';
import { post } from './post.js';
import { progressKey, readProgress, writeProgress } from './progress-file.js';
import { type Webhook, isAbout, shownUrl } from './webhook.js';

/** Seconds until the next try, after each that was in vain: about a day. */
const pauses = [1, 5, 30, 300, 1800, 7200, 18_000, 28_800, 28_800];
/** Seconds that a receiver may ask for. */
const longestPause = 3600;
/** Milliseconds after a job's end in which it is told of: as long as tries go on. */
const tooOld = pauses.reduce((sum, pause) => sum + pause, 3600) * 1000;
/** Messages that wait for a receiver. What ends beyond is found on disk when some of them are gone. */
const mostWaiting = 100;
const mostInFlight = 4;
/** Milliseconds between two looks at what is due, and at what is to be written down. */
const tick = 500;
/** Milliseconds after which it is written down that nothing has happened. */
const idleSave = 300_000;

/**
 * Tells one receiver of the jobs that end, each at least once: what is told or waits is written down together with the
 * time up to which all has been taken, so that whoever goes on from there takes all that came after.
 */
export class Courier {
  readonly #served: Served;
  readonly #paths: ServerPaths;
  readonly #index: LiveIndex;
  readonly #webhook: Webhook;
  readonly #cancelled = new AbortController();
  readonly #waiting = new Map<string, Message>();
  readonly #inFlight = new Set<string>();
  #taken: Map<string, number>;
  #watermark: number;
  #gone: boolean;
  /** Not all that has ended is among what waits. */
  #isBehind = true;
  #isCatchingUp = false;
  #isFailing = false;
  #isDirty = true;
  #savedAt = 0;
  readonly #timer: NodeJS.Timeout;
  readonly #forget: () => void;

  constructor(served: Served, paths: ServerPaths, index: LiveIndex, webhook: Webhook) {
    this.#served = served;
    this.#paths = paths;
    this.#index = index;
    this.#webhook = webhook;
    const progress = readProgress(served.files, paths, webhook);
    this.#watermark = progress?.watermark ?? index.watermark;
    this.#taken = new Map(Object.entries(progress?.taken ?? {}));
    this.#gone = progress?.gone ?? false;
    for (const message of progress?.waiting ?? []) this.#waiting.set(message.id, message);
    if (this.#gone) this.#sayGone();
    this.#forget = index.onChange((change) => {
      this.#hear(change);
    });
    this.#timer = setInterval(() => {
      this.#look();
    }, tick);
    this.#look();
  }

  /** `isLost`: another server goes on already. */
  close(isLost: boolean): void {
    clearInterval(this.#timer);
    this.#forget();
    this.#cancelled.abort();
    if (!isLost) this.#save();
  }

  #hear({ job }: JobChange): void {
    if (!this.#isBehind && job !== undefined) this.#take(job);
  }

  /** False: too many wait already. */
  #take(job: JobSummary): boolean {
    const { events, jobs } = this.#webhook;
    const isWanted = events.some((event) => event === `job.${job.state}`) && isAbout({ jobs }, job.name);
    const id = isWanted ? messageId(job) : '';
    if (!isWanted || this.#gone || this.#taken.has(id)) return true;
    if (this.#waiting.size >= mostWaiting) {
      this.#isBehind = true;
      return false;
    }
    this.#taken.set(id, this.#index.now);
    this.#isDirty = true;
    if (this.#served.clock.wall() - Date.parse(job.changed) < tooOld) this.#waiting.set(id, makeMessage(job));
    return true;
  }

  #look(): void {
    try {
      if (this.#isBehind && this.#waiting.size <= mostWaiting / 2) void this.#catchUp();
      this.#send();
      const idle = this.#served.clock.monotonic() - this.#savedAt;
      if (this.#isDirty || idle > idleSave) this.#save();
    } catch (error) {
      this.#served.remark(`webhook ${shownUrl(this.#webhook.url)}: ${describeFailure(error)}`);
    }
  }

  /** From the disk: what has ended since the watermark. */
  async #catchUp(): Promise<void> {
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    try {
      // What is heard meanwhile is taken, too: else it would fall between the two.
      this.#isBehind = false;
      for (const job of (await this.#index.changedSince(this.#watermark, Infinity)) ?? [])
        if (!this.#take(job)) return;
    } catch (error) {
      this.#isBehind = true;
      this.#served.remark(`webhook ${shownUrl(this.#webhook.url)}: ${describeFailure(error)}`);
    } finally {
      this.#isCatchingUp = false;
    }
  }

  #send(): void {
    const now = this.#served.clock.wall();
    // One who does not answer is asked carefully.
    const most = this.#isFailing ? 1 : mostInFlight;
    for (const message of this.#waiting.values()) {
      if (this.#inFlight.size >= most) return;
      if (message.due <= now && !this.#inFlight.has(message.id)) void this.#tell(message);
    }
  }

  async #tell(message: Message): Promise<void> {
    const { clock } = this.#served;
    this.#inFlight.add(message.id);
    const posted = await post(
      this.#webhook,
      message,
      Math.floor(clock.wall() / 1000),
      this.#cancelled.signal,
    );
    this.#inFlight.delete(message.id);
    if (this.#cancelled.signal.aborted) return;
    this.#isDirty = true;
    if (posted.kind === 'gone') {
      this.#gone = true;
      this.#waiting.clear();
      this.#sayGone();
    } else if (posted.kind === 'told') {
      this.#waiting.delete(message.id);
      if (this.#isFailing) this.#say('it answers again');
      this.#isFailing = false;
    } else this.#postpone(message, posted.why, posted.after);
    this.#look();
  }

  #postpone(message: Message, why: string, after: number): void {
    const pause = pauses[message.tries];
    if (pause === undefined) {
      this.#waiting.delete(message.id);
      this.#say(`${message.about} could not be told: ${why}`);
      return;
    }
    if (!this.#isFailing)
      this.#say(`${message.about} could not be told: ${why}; it is tried again for a day`);
    this.#isFailing = true;
    const seconds = Math.max(pause, Math.min(after, longestPause));
    const due = this.#served.clock.wall() + seconds * 1000;
    // Behind the others: what one message is refused for may be its own.
    this.#waiting.delete(message.id);
    this.#waiting.set(message.id, { ...message, tries: message.tries + 1, due });
  }

  #save(): void {
    const { files, clock } = this.#served;
    if (!this.#isBehind && !this.#isCatchingUp) this.#watermark = this.#index.watermark;
    for (const [id, noted] of this.#taken) if (noted < this.#watermark) this.#taken.delete(id);
    writeProgress(files, this.#paths, this.#webhook, {
      watermark: this.#watermark,
      taken: Object.fromEntries(this.#taken),
      waiting: [...this.#waiting.values()],
      gone: this.#gone,
    });
    this.#isDirty = false;
    this.#savedAt = clock.monotonic();
  }

  #sayGone(): void {
    const file = this.#paths.webhook(progressKey(this.#webhook));
    this.#say(`it has answered 410 (gone), and is told nothing more; remove ${file} to begin again`);
  }

  #say(what: string): void {
    this.#served.remark(`webhook ${shownUrl(this.#webhook.url)}: ${what}`);
  }
}
