/**
 * What a file server is asked, as Node programs ask it: `create` and `write` open, write and close; `read` opens, reads
 * and closes; `list` reads a directory; `touch` is utimes. `stat` is what a host mostly answers from what it remembers,
 * and `buffer` an append that goes to the server together with the next.
 */
export type Kind = 'create' | 'write' | 'read' | 'rename' | 'remove' | 'list' | 'touch' | 'stat' | 'buffer';

/** Milliseconds. `latency`: until the answer is there. `work`: of the server's time, of which it has one a millisecond. */
export interface Cost {
  readonly latency: number;
  readonly work: number;
}

export interface FileServer {
  readonly what: string;
  readonly costs: Readonly<Record<Kind, Cost>>;
  /** More for each name of a listing. */
  readonly perName: number;
}

const perSecond = (alone: number, together = alone): Cost => ({
  latency: 1000 / alone,
  work: 1000 / together,
});
const remembered: Cost = { latency: 0.04, work: 0 };

/**
 * The kernel's NFS 4.2, client and server, between User-Mode-Linux hosts of `scripts/cluster` on two CPUs: calls a second
 * of one host, one at a time and, where it was measured, 16 at once. Not measured there, and taken for their nearest:
 * `write` as reading, `touch` as removing. What was not measured at once is taken to come one after another.
 */
const measured: FileServer = {
  what: "the kernel's NFS 4.2 as measured between virtual hosts that share two CPUs",
  costs: {
    create: perSecond(249, 762),
    rename: perSecond(626, 452),
    read: perSecond(836),
    write: perSecond(836),
    remove: perSecond(5130),
    touch: perSecond(5130),
    // A directory of 1,300 names at 803 a second, half of it for the names.
    list: perSecond(1600),
    stat: remembered,
    buffer: { latency: 0.005, work: 0 },
  },
  perName: 0.0005,
};

const roundTrip = 0.3;
const roundTrips = (count: number): Cost => ({ latency: count * roundTrip, work: count / 50 });

/** Assumed, and measured nowhere: 0.3 ms for a round trip, 50,000 of them a second. */
const assumed: FileServer = {
  what: '0.3 ms for a round trip, and 50,000 of them a second; measured nowhere',
  costs: {
    create: roundTrips(3),
    rename: roundTrips(1),
    read: roundTrips(2),
    write: roundTrips(3),
    remove: roundTrips(1),
    touch: roundTrips(1),
    list: roundTrips(2),
    stat: remembered,
    buffer: { latency: 0.005, work: 0 },
  },
  perName: 0.0005,
};

export const servers = { measured, assumed } as const;
