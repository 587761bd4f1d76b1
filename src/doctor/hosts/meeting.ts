import type { Layout } from '../../queue/layout.js';

/**
 * A directory in which this host (the near one) and another (the far one) meet for a moment: each moves files into a
 * directory that the other looks at. A file that comes back has crossed twice, so that one clock measures it.
 */
export class Meeting {
  readonly directory: string;
  /** Written by the near host, read by the far one. */
  readonly toFar: string;
  /** The other way round. */
  readonly toNear: string;
  /** Looked at by the far host as `ls` would: whatever its system remembers of it. */
  readonly plain: string;
  /** Files that both hosts want. */
  readonly prizes: string;
  readonly wonNear: string;
  readonly wonFar: string;

  constructor(layout: Layout, name: string) {
    this.directory = layout.trial(name);
    this.toFar = `${this.directory}/to-far`;
    this.toNear = `${this.directory}/to-near`;
    this.plain = `${this.directory}/plain`;
    this.prizes = `${this.directory}/prizes`;
    this.wonNear = `${this.directory}/won-near`;
    this.wonFar = `${this.directory}/won-far`;
  }

  get directories(): readonly string[] {
    return [this.toFar, this.toNear, this.plain, this.prizes, this.wonNear, this.wonFar];
  }
}

/** A meeting's name is a part of paths. */
export function isMeetingName(text: string): boolean {
  return /^[0-9a-z]{1,40}-\d{1,5}$/.test(text);
}

/** What lies in the directories of a meeting. */
export const signs = {
  /** To near: who the far host is, as JSON; it is ready. */
  facts: 'facts',
  /** To far: it is your turn, look often. */
  begin: 'begin',
  /** To far, and then to near: `ping-3` and `pong-3` are one file. */
  ping: 'ping-',
  pong: 'pong-',
  /** In plain; and to near: it was seen there. */
  seen: 'seen',
  /** To far: run for the prizes now. To near: it has, and won these, as JSON. */
  race: 'race',
  raced: 'raced',
  /** To far: that was all. */
  over: 'over',
} as const;

/** What the far host says of itself. */
export interface FarFacts {
  /** As it calls itself. */
  readonly host: string;
  readonly node: string;
  readonly programs: readonly string[];
  readonly filesystem: { readonly type: string; readonly shared: boolean };
  /** Seconds by which the file server's clock is ahead of its own. */
  readonly serverAhead: number;
  /** Where it hears hints, as `address:port`; undefined: they are switched off there, or there is no network. */
  readonly hints: readonly string[] | undefined;
}

export function parseFacts(text: string): FarFacts | undefined {
  try {
    const facts = JSON.parse(text) as Partial<FarFacts>;
    const { host, node, programs, filesystem, serverAhead } = facts;
    const known =
      typeof host === 'string' &&
      typeof node === 'string' &&
      Array.isArray(programs) &&
      typeof filesystem === 'object' &&
      typeof serverAhead === 'number';
    return known ? (facts as FarFacts) : undefined;
  } catch {
    return undefined;
  }
}
