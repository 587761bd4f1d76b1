import type { Counts, DispatcherEvent } from '../dispatcher/dispatcher-event.js';
import type { Ending } from '../dispatcher/progress.js';
import type { ReapEvent } from '../dispatcher/reaper.js';
import { isRunLabel } from '../job/fan-out.js';
import { FjrError } from '../job/fjr-error.js';
import type { Needs } from '../job/job.js';
import { describeOutcome } from '../job/outcome.js';
import { parseEntryName } from '../queue/entry-name.js';
import type { Clock } from '../system/clock.js';
import { describeHost } from './host-line.js';
import { duration, plural, printable, remark, say } from './say.js';

/** Failures told one by one; the rest is counted. */
const failuresTold = 20;

/** What a dispatcher says: one live line on a terminal, and lines that come when the numbers change elsewhere. */
export class DispatcherVoice {
  readonly #project: string;
  readonly #clock: Clock;
  readonly #stream: NodeJS.WriteStream;
  readonly #start: number;
  #last = '';
  #live = false;
  #failures = 0;
  #toldNobody = false;
  #trouble = '';
  /** What was told last of each gang that waits. */
  readonly #gangs = new Map<string, string>();

  constructor(project: string, clock: Clock, stream: NodeJS.WriteStream) {
    this.#project = project;
    this.#clock = clock;
    this.#stream = stream;
    this.#start = clock.monotonic();
  }

  tell(event: DispatcherEvent): void {
    switch (event.kind) {
      case 'counts':
        this.#tellCounts(event.counts);
        return;
      case 'rejected':
        this.#line(
          `[fjr-dispatcher] Job ${printable(event.name)} goes to failed: ${printable(event.reason)}${event.hint === undefined ? '' : ` (${printable(event.hint)})`}`,
        );
        return;
      case 'held':
        this.#line(
          `[fjr-dispatcher] Job ${printable(event.name)} waits for ${printable(event.on)}, which nobody has submitted yet.`,
        );
        return;
      case 'poor':
        this.#line(
          `[fjr-dispatcher] Job ${printable(event.name)} waits: it needs ${event.count} of the pool ${event.pool}, which has fewer.`,
        );
        return;
      case 'gang':
        this.#tellGang(event);
        return;
      case 'unfit':
        this.#line(`[fjr-dispatcher] Job ${printable(event.name)} waits: ${describeLack(event.needs)}.`);
        return;
      case 'ending':
        if (event.ending.to === 'failed' && !toldAlready(event.ending))
          this.#tellFailure(event.ending.entry, describeOutcome(event.ending.outcome));
        return;
      case 'reaped':
        this.#tellReaped(event.reaped);
        return;
      case 'host': {
        const { text, hint } = describeHost(event.line);
        this.#line(`[fjr-dispatcher] ${text}${hint === undefined ? '' : ` (${hint})`}`);
        return;
      }
      case 'trouble':
        this.#tellTrouble(event.error);
    }
  }

  /** Leaves the terminal as it was. */
  end(counts: Counts): void {
    if (!this.#live) return;
    this.#draw(counts);
    this.#stream.write('\n');
    this.#live = false;
  }

  summarise({ done, failed, retried }: Counts): void {
    const seconds = (this.#clock.monotonic() - this.#start) / 1000;
    const parts = [
      `${done} done`,
      `${failed} failed`,
      ...(retried > 0 ? [`${plural(retried, 'execution')} tried again`] : []),
    ];
    say(`[fjr-dispatcher] ${parts.join(', ')} in ${duration(seconds)}.`);
    if (this.#failures > failuresTold)
      say(
        `[fjr-dispatcher] ${this.#failures - failuresTold} further failures were not shown: fjr status shows the newest.`,
      );
  }

  #tellCounts(counts: Counts): void {
    if (counts.workers === 0 && counts.waiting > 0 && !this.#toldNobody) {
      this.#toldNobody = true;
      this.#line(`[fjr-dispatcher] Nobody works here: fjr-recruiter --project ${this.#project} hire.`);
    }
    if (this.#stream.isTTY) {
      this.#draw(counts);
      return;
    }
    if (counts.waiting === 0) return;
    const line = `[fjr-dispatcher] Found ${counts.waiting} job(s) and ${counts.workers} worker(s)...`;
    if (line !== this.#last) say(line);
    this.#last = line;
  }

  #draw(counts: Counts): void {
    this.#live = true;
    const width = this.#stream.columns;
    this.#stream.write(
      `\r\u001b[2K${progressLine(counts, (this.#clock.monotonic() - this.#start) / 1000).slice(0, width - 1)}`,
    );
  }

  #line(text: string): void {
    if (this.#live) this.#stream.write('\r\u001b[2K');
    say(text);
  }

  /** Once for each change: it may wait for long. */
  #tellGang({ name, places, fit, most }: Extract<DispatcherEvent, { kind: 'gang' }>): void {
    const words = describeGang({ places, fit, most });
    if (this.#gangs.get(name) === words) return;
    this.#gangs.set(name, words);
    this.#line(`[fjr-dispatcher] Job ${printable(name)} waits: ${words}.`);
  }

  #tellFailure(entry: string, what: string): void {
    this.#failures += 1;
    if (this.#failures <= failuresTold)
      this.#line(`[fjr-dispatcher] Job ${printable(parseEntryName(entry).job)} failed: ${printable(what)}`);
  }

  #tellReaped(reaped: ReapEvent): void {
    if (reaped.kind === 'fenced') {
      const why = reaped.why === 'dead' ? 'is dead' : 'has not been heard of for its whole lease';
      this.#line(`[fjr-dispatcher] Crew ${reaped.crew} ${why}: what it held is taken back.`);
    } else if (reaped.kind === 'returned') {
      const back = reaped.entries.filter(({ to }) => to === 'queue').length;
      if (back > 0) this.#line(`[fjr-dispatcher] ${plural(back, 'job')} of crew ${reaped.crew} given back.`);
    }
  }

  #tellTrouble(error: unknown): void {
    const text = error instanceof FjrError ? error.message : String(error);
    if (text === this.#trouble) return;
    this.#trouble = text;
    if (this.#live) this.#stream.write('\r\u001b[2K');
    remark(`[fjr-dispatcher] ${printable(text)}; trying again.`);
    if (error instanceof FjrError && error.hint !== undefined) remark(`hint: ${error.hint}`);
  }
}

/** What this dispatcher turned away itself was told when it was. */
function toldAlready({ event, outcome }: Ending): boolean {
  return event === 'verdict' && (outcome.kind === 'rejected' || outcome.kind === 'dependency');
}

/** What a gang waits for. */
export function describeGang({
  places,
  fit,
  most,
}: Pick<Extract<DispatcherEvent, { kind: 'gang' }>, 'places' | 'fit' | 'most'>): string {
  const all = `it needs ${plural(places, 'worker')} together`;
  return most < places
    ? `${all}, and the crews there are have room for ${most}`
    : `${all}, and ${fit} ${fit === 1 ? 'is' : 'are'} idle now`;
}

function describeLack(needs: Needs): string {
  const isRun = needs.labels.some(isRunLabel);
  return isRun
    ? 'it is for the crew of its fjr run, which is not here'
    : `no crew has ${describeNeeds(needs)}`;
}

/** `64 CPUs and 128.0 GB of memory` */
function describeNeeds({ cpus, memory, gpus, labels, seconds, gpu }: Needs): string {
  const parts = [plural(cpus, 'CPU')];
  if (memory > 0) parts.push(`${(memory / 2 ** 30).toFixed(1)} GB of memory`);
  if (gpus > 0) parts.push(plural(gpus, 'GPU'));
  if (gpu !== undefined) {
    const { memory: least, model, architecture } = gpu;
    const words = [model, architecture, least > 0 ? `${(least / 2 ** 30).toFixed(1)} GB` : undefined];
    parts.push(`such a GPU (${words.filter((word) => word !== undefined).join(', ')})`);
  }
  if (labels.length > 0) parts.push(`the label${labels.length === 1 ? '' : 's'} ${labels.join(', ')}`);
  // Only crews with an end to their time can have too little of it.
  if (seconds > 0) parts.push(`${duration(seconds)} left`);
  return parts.join(' and ');
}

/** `[#####     ] 120 done, 3 failed, 8 running, 1200 waiting · 812/s · 2 min left` */
export function progressLine({ done, failed, running, waiting }: Counts, seconds: number): string {
  const ended = done + failed;
  const all = ended + running + waiting;
  const filled = all === 0 ? 0 : Math.floor((10 * ended) / all);
  const bar = `[${'#'.repeat(filled)}${' '.repeat(10 - filled)}]`;
  const rate = seconds > 0 ? ended / seconds : 0;
  const left = rate > 0 && waiting + running > 0 ? ` · ${duration((waiting + running) / rate)} left` : '';
  const speed = rate >= 10 ? `${Math.round(rate)}/s` : `${rate.toFixed(1)}/s`;
  return `${bar} ${done} done, ${failed} failed, ${running} running, ${waiting} waiting · ${speed}${left}`;
}
