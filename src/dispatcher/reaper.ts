import { FjrError } from '../job/fjr-error.js';
import { type CrewFile, parseCrewFile, parseHeartbeat } from '../queue/crew-file.js';
import { fenceCrew } from '../queue/fence-crew.js';
import { formatJournalLine } from '../queue/journal.js';
import type { PodPaths } from '../queue/layout.js';
import { type CrewId, type Layout, parsePodName } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { layToRest } from '../queue/lay-to-rest.js';
import { parseHeldItem } from '../queue/pool.js';
import type { ReturnedEntry } from '../queue/return-entries.js';
import { append, list, read } from '../queue/steps.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Host } from '../system/host.js';
import { type LeaseWatch, beatsPerLease, watchLease } from './lease-watch.js';

export type ReapEvent =
  | { readonly kind: 'fenced'; readonly crew: CrewId; readonly why: 'dead' | 'stale' }
  | { readonly kind: 'returned'; readonly crew: CrewId; readonly entries: readonly ReturnedEntry[] }
  | { readonly kind: 'buried'; readonly crew: CrewId }
  /** The filesystem failed for this crew's pod; the next pass tries again. */
  | { readonly kind: 'trouble'; readonly crew: CrewId; readonly error: FjrError };

export interface ReaperSystem {
  readonly files: Files;
  readonly clock: Clock;
  readonly host: Host;
}

interface Watched {
  file: CrewFile | undefined;
  watch: LeaseWatch | undefined;
  lookedAt: number;
  /** Monotonic milliseconds at which the crew's time is over. */
  endsAt: number;
  /** … at which the content before the last was first seen. */
  seenBefore: number;
  isLeaving: boolean;
}

/** Seconds of lease for a pod whose crew never said its own. */
const defaultLease = 30;

/**
 * Looks after the dead: fences crews that are gone, gives back what they held, and buries their pods. Every pass takes
 * care of every fenced pod, whoever fenced it: a reaper may have died in the middle of its work.
 */
export class Reaper {
  readonly #system: ReaperSystem;
  readonly #layout: Layout;
  readonly #writer: string;
  readonly #report: (event: ReapEvent) => void;
  readonly #watched = new Map<CrewId, Watched>();
  /** When each fenced pod was first seen here, in monotonic milliseconds. */
  readonly #fencedSince = new Map<CrewId, number>();

  constructor(system: ReaperSystem, layout: Layout, writer: string, report: (event: ReapEvent) => void) {
    this.#system = system;
    this.#layout = layout;
    this.#writer = writer;
    this.#report = report;
  }

  /** One pass over all pods. Returns the live ones. */
  pass(): CrewId[] {
    const live: CrewId[] = [];
    const names = perform(this.#system.files, list(this.#layout.jobpods)) ?? [];
    const fenced: CrewId[] = [];
    const watchable = new Set<CrewId>();
    for (const name of names) {
      const pod = parsePodName(name);
      if (pod?.kind === 'fenced') fenced.push(pod.crew);
      if (pod === undefined || pod.kind === 'fenced') continue;
      const paths = pod.kind === 'live' ? this.#layout.pod(pod.crew) : this.#layout.unbornPod(pod.crew);
      watchable.add(pod.crew);
      const verdict = this.#tryToJudge(pod.crew, paths);
      if (verdict !== 'alive') {
        this.#fence(pod.crew, verdict);
        fenced.push(pod.crew);
      } else if (pod.kind === 'live') live.push(pod.crew);
    }
    for (const crew of new Set(fenced))
      this.#guard(crew, () => {
        this.#lay(crew);
      });
    for (const crew of this.#watched.keys()) if (!watchable.has(crew)) this.#watched.delete(crew);
    return live;
  }

  /** One pod that fails must not keep us from the others. */
  #guard(crew: CrewId, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
      this.#report({ kind: 'trouble', crew, error });
      this.#askForOldName(crew);
    }
  }

  /** GlusterFS may lose a directory that two hosts renamed at once, until somebody asks for its old name. */
  #askForOldName(crew: CrewId): void {
    try {
      this.#system.files.exists(this.#layout.pod(crew).directory);
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
    }
  }

  #tryToJudge(crew: CrewId, pod: PodPaths): 'alive' | 'dead' | 'stale' {
    let verdict: 'alive' | 'dead' | 'stale' = 'alive';
    this.#guard(crew, () => {
      verdict = this.#judge(crew, pod);
    });
    return verdict;
  }

  #judge(crew: CrewId, pod: PodPaths): 'alive' | 'dead' | 'stale' {
    const watched = this.#watched.get(crew) ?? {
      file: undefined,
      watch: undefined,
      lookedAt: -Infinity,
      endsAt: Infinity,
      seenBefore: -Infinity,
      isLeaving: false,
    };
    this.#watched.set(crew, watched);
    watched.file ??= this.#readCrewFile(pod);
    if (watched.file !== undefined && this.#system.host.judge(watched.file) === 'dead') return 'dead';
    return this.#isStale(pod, watched) ? 'stale' : 'alive';
  }

  #isStale(pod: PodPaths, watched: Watched): boolean {
    const { clock } = this.#system;
    const lease = watched.file?.lease ?? defaultLease;
    const asked = clock.monotonic();
    if (asked - watched.lookedAt < lookInterval(lease)) return false;
    watched.lookedAt = asked;
    const content = this.#readHeartbeat(pod);
    const { watch, stale } = watchLease(
      watched.watch,
      { content, asked, answered: clock.monotonic() },
      lease,
    );
    if (watched.watch !== undefined && watch !== undefined && watched.watch.content !== watch.content)
      watched.seenBefore = watched.watch.since;
    watched.watch = watch;
    const { left, leaving } =
      (content === undefined ? undefined : parseHeartbeat(Buffer.from(content))) ?? {};
    if (left !== undefined) watched.endsAt = asked + left * 1000;
    watched.isLeaving = leaving === true;
    return stale;
  }

  /** Milliseconds in which the next pass must come if each crew is to be looked at as often as its lease asks for. */
  lookEvery(): number {
    const leases = [...this.#watched.values()].map(({ file }) => file?.lease ?? defaultLease);
    return lookInterval(Math.min(...leases));
  }

  /** Seconds that a crew will still be there, by its own word. */
  timeLeft(crew: CrewId): number {
    const watched = this.#watched.get(crew);
    return watched === undefined ? Infinity : (watched.endsAt - this.#system.clock.monotonic()) / 1000;
  }

  /**
   * Whether a crew is known to have lived at a time, in monotonic milliseconds, and meant to stay. Elsewhere by its
   * heartbeat: what is first seen then may have been written long before, what takes its place was written since.
   */
  hasLivedSince(crew: CrewId, time: number): boolean {
    const watched = this.#watched.get(crew);
    if (watched?.file === undefined) return false;
    const isHere = this.#system.host.judge(watched.file) === 'alive';
    if (!isHere) return watched.seenBefore >= time && !watched.isLeaving;
    const content = this.#readHeartbeat(this.#layout.pod(crew));
    return content !== undefined && parseHeartbeat(Buffer.from(content))?.leaving !== true;
  }

  #readHeartbeat(pod: PodPaths): string | undefined {
    try {
      // A pod that is being born has no heartbeat yet; that it stays so is a sign of death, too.
      return Buffer.from(perform(this.#system.files, read(pod.heartbeat)) ?? '').toString('latin1');
    } catch {
      return undefined;
    }
  }

  #readCrewFile(pod: PodPaths): CrewFile | undefined {
    const bytes = perform(this.#system.files, read(pod.crewFile));
    return bytes === undefined ? undefined : parseCrewFile(bytes);
  }

  #fence(crew: CrewId, why: 'dead' | 'stale'): void {
    this.#watched.delete(crew);
    if (perform(this.#system.files, fenceCrew(this.#layout, crew)) === 'gone') return;
    this.#note('fenced', crew, why);
    this.#report({ kind: 'fenced', crew, why });
  }

  /** Returns what a fenced pod holds, and buries it if nothing is left. */
  #lay(crew: CrewId): void {
    const { files, clock } = this.#system;
    if (!this.#fencedSince.has(crew)) this.#fencedSince.set(crew, clock.monotonic());
    const pod = this.#layout.fencedPod(crew);
    const releaseItems = this.#jobsAreDead(crew, pod);
    const losses = this.#readCrewFile(pod)?.losses;
    const how = { writer: this.#writer, time: clock.timestamp(), countLost: true, releaseItems, losses };
    const { returned, buried } = perform(files, layToRest(this.#layout, crew, how));
    if (returned.length > 0) this.#report({ kind: 'returned', crew, entries: returned });
    if (!buried) return;
    this.#fencedSince.delete(crew);
    this.#note('buried', crew);
    this.#report({ kind: 'buried', crew });
  }

  /**
   * Whether the processes that used a fenced crew's items are known to be dead: on this host by looking, elsewhere by
   * waiting. The crew's guardian kills them two thirds of a lease after the last beat; we saw no beat for a whole one,
   * and wait for another since we first saw the pod fenced.
   */
  #jobsAreDead(crew: CrewId, pod: PodPaths): boolean {
    const { files, host, clock } = this.#system;
    const items = perform(files, list(pod.items)) ?? [];
    if (items.length === 0) return true;
    const file = this.#readCrewFile(pod);
    if (file !== undefined && host.judge(file) === 'dead')
      return items.every((name) => {
        const token = parseHeldItem(name)?.token;
        return token === undefined || host.withEnvironment('FJR_TOKEN', token).length === 0;
      });
    const waited = clock.monotonic() - (this.#fencedSince.get(crew) ?? Infinity);
    return waited > (file?.lease ?? 2 * defaultLease) * 1000;
  }

  #note(event: 'fenced' | 'buried', crew: CrewId, why?: string): void {
    const line = { event, time: this.#system.clock.timestamp(), crew, ...(why === undefined ? {} : { why }) };
    perform(this.#system.files, append(this.#layout.journalOf(this.#writer), formatJournalLine(line)));
  }
}

/** Milliseconds between two looks at a heartbeat, rather too short than too long; `lease` in seconds. */
function lookInterval(lease: number): number {
  return (lease * 1000) / beatsPerLease / 1.2;
}
