// `npm run test:chaos`: seeds of chaos, one after another; see README.md.
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Finding } from './checks.js';
import { Cluster, checkout, isFilesystem } from './cluster.js';
import type { Evidence } from './evidence.js';
import { runSeed } from './seed.js';

const { values } = parseArgs({
  options: {
    fs: { type: 'string', default: 'sshfs' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '1.5' },
    quiet: { type: 'boolean', default: false },
  },
});
const { fs } = values;
if (!isFilesystem(fs)) throw new Error(`no filesystem "${fs}" here: local, sshfs, sshfs-stale or gluster`);
const state = process.env['FJR_CLUSTER'] ?? '/var/tmp/fjr-chaos';
const kept = `${state}-kept`;
mkdirSync(kept, { recursive: true });
const cluster = new Cluster(checkout, state, fs, 3);
// Whoever interrupts means the seed: its hosts must not stay.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    void cluster.down().then(() => process.exit(130));
  });
let [passed, failed] = [0, 0];
const first = Number(values.seed);
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const keep = `${kept}/${fs}-${seed}`;
  console.log(`seed ${seed} on ${fs}`);
  try {
    const { findings, evidence, figures } = await runSeed({
      cluster,
      state,
      seed,
      jobs: Number(values.jobs),
      seconds: Number(values.minutes) * 60,
      workers: 4,
      lease: 10,
      aloud: !values.quiet,
      keep,
    });
    const words = Object.entries(figures).map(([name, count]) => `${count} ${name}`);
    console.log(`seed ${seed}: ${words.join(', ')}: ${findings.length === 0 ? 'clean' : 'NOT CLEAN'}`);
    for (const finding of findings.slice(0, 20)) explain(finding, evidence);
    if (findings.length > 20) console.log(`… and ${findings.length - 20} more`);
    if (findings.length > 0) console.log(`kept in ${keep}`);
    if (findings.length === 0) passed++;
    else failed++;
  } catch (error) {
    failed++;
    console.error(`seed ${seed}:`, error);
  }
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** All that is known of a job that went wrong. */
function explain({ what, job, token }: Finding, { journal, ledger, executions }: Evidence): void {
  console.log(`- ${job === undefined ? '' : `${job}: `}${what}`);
  if (job === undefined && token === undefined) return;
  const tokens = new Set(executions.filter((one) => one.job === job).map((one) => one.token));
  if (token !== undefined) tokens.add(token);
  for (const line of journal) {
    if (!('entry' in line)) continue;
    if ([...tokens].some((one) => line.entry.includes(`@${one}`)) || line.entry === job)
      console.log(`    journal ${line.writer}: ${JSON.stringify({ ...line, writer: undefined })}`);
  }
  for (const line of ledger)
    if (tokens.has(line.token))
      console.log(
        `    ledger  ${line.host}: ${new Date(line.time * 1000).toISOString()} ${line.token} ${line.event} ${line.details.join(' ')}`,
      );
}
