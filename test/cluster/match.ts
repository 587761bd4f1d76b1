import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Background } from '../rig/background.js';
import { waitUntil } from '../rig/wait-until.js';
import type { Cluster } from './cluster.js';
import type { Tally } from './contest/tally.js';

/** All contests, played one after another by a process on each of two hosts. */
export class Match {
  readonly #players: readonly [Background, Background];

  private constructor(players: readonly [Background, Background]) {
    this.#players = players;
  }

  static async begin(cluster: Cluster, rounds: number): Promise<Match> {
    const run = `contest-${process.pid}`;
    cluster.write(`${run}.mjs`, await bundle());
    const play = (host: string, side: number, peer: string): Background =>
      cluster.start(host, 'node', `${run}.mjs`, String(side), peer, run, String(rounds));
    return new Match([play('h1', 0, 'h2'), play('h2', 1, 'h1')]);
  }

  /** What both have seen of a contest, once it is over. */
  async tallies(contest: string, seconds: number): Promise<readonly Tally[]> {
    const look = (): Tally[] => {
      for (const { name, exit, stderr } of this.#players)
        if (exit !== undefined && exit.code !== 0) throw new Error(`${name} has failed: ${stderr}`);
      return this.#players
        .flatMap(({ stdout }) => talliesIn(stdout))
        .filter((tally) => tally.contest === contest);
    };
    return waitUntil(`both hosts have played "${contest}"`, look, (seen) => seen.length === 2, seconds);
  }

  end(): void {
    for (const player of this.#players) player.signal('SIGTERM');
  }
}

function talliesIn(output: string): Tally[] {
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Tally);
}

/** The contestant with the protocol's own code in one file: hosts have a Node, and no more. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('contest/contestant.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
