/**
 * One of the two that contend, on a host of a cluster: contestant SIDE PEER DIRECTORY ROUNDS [NAME]. Prints a tally, as a
 * line of JSON, for each contest, or for those whose names begin so.
 */
import { mkdirSync } from 'node:fs';
import { MountedFiles } from '../../../src/system/files.js';
import { contests } from './contests.js';
import { Lockstep } from './lockstep.js';
import { playContest } from './play.js';

const port = 7077;

const [, , sideText = '', peerName = '', directory = '', rounds = '', only = ''] = process.argv;
const side = sideText === '0' ? 0 : 1;
const peer = await (side === 0 ? Lockstep.host(port) : Lockstep.join(peerName, port));
const latency = await peer.latency();
if (side === 0) mkdirSync(directory, { recursive: true });
const files = new MountedFiles({ shared: true, fsync: false });
const play = { side, peer, files, directory, rounds: Number(rounds), latency } as const;
for (const [index, contest] of contests.entries())
  if (contest.name.startsWith(only)) console.log(JSON.stringify(await playContest(play, contest, index)));
peer.close();
