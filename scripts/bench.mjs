// `npm run bench [-- NAME... --quick --rounds N --json]`: fjr beside what a user would otherwise pick, alternating in one
// run. `--help` says what each scenario measures.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArguments } from './bench/arguments.mjs';
import { describeThisMachine } from './bench/machine.mjs';
import { installPeers } from './bench/peers.mjs';
import { Interrupted, Processes } from './bench/processes.mjs';
import { describeMachine, describeScenario } from './bench/report.mjs';
import { scenarios } from './bench/scenarios.mjs';
import { Sheet } from './bench/sheet.mjs';
import { providePrograms, setup } from './setup.mjs';

const options = readArguments(process.argv.slice(2));
if (options !== undefined) await measure(options);

async function measure({ names, quick, rounds, json }) {
  setup();
  const { missing, versions } = installPeers(providePrograms);
  const home = mkdtempSync(join(tmpdir(), 'fjr-bench-'));
  const processes = new Processes({ FJR_HOME: join(home, 'fjr') }, `FJR_BENCH=${home}`);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => processes.interrupt());
  const bench = { home, processes, quick, missing, alternate };
  const machine = { ...describeThisMachine(home), peers: versions, missing };
  const results = {};
  const tell = (lines) => json || console.log(lines.join('\n'));
  try {
    tell(describeMachine({ machine, quick }));
    for (const name of names) {
      results[name] = await measureScenario(bench, name, rounds);
      tell(describeScenario(name, results[name]));
    }
    if (json) console.log(JSON.stringify({ machine, quick, scenarios: results }, undefined, 2));
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    process.exitCode = 130;
  } finally {
    await processes.endAll();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measureScenario(bench, name, wanted) {
  const { title, rounds, subject, round, goals } = scenarios[name];
  const sheet = new Sheet();
  const count = wanted ?? rounds[bench.quick ? 'quick' : 'full'];
  for (let index = 0; index < count; index++) {
    process.stderr.write(`bench: ${name}, round ${index + 1} of ${count}\n`);
    await round({ ...bench, index }, sheet);
  }
  return {
    title,
    figures: sheet.rows(subject),
    notes: sheet.notes,
    skipped: sheet.skipped,
    goals: goals(sheet),
  };
}

/** Runs all sides of a round, every other round in reverse: what changes slowly meanwhile hits each as often. */
async function alternate(sheet, sides, { add }) {
  const there = sides.filter(({ command }) => !this.missing.includes(command));
  for (const side of this.index % 2 === 0 ? there : there.toReversed())
    add(side.name, await side.seconds(), side);
}
