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
  const bench = { home, processes, quick, missing };
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
  const count = wanted ?? Math.max(1, rounds[bench.quick ? 'quick' : 'full']);
  for (let index = 0; index < count; index++) {
    process.stderr.write(`bench: ${name}, round ${index + 1} of ${count}\n`);
    await round({ ...bench, alternate: (sides) => alternate({ ...bench, index }, sides) }, sheet);
  }
  return {
    title: title(bench.quick),
    figures: sheet.rows(subject),
    notes: sheet.notes,
    skipped: sheet.skipped,
    goals: goals(sheet),
  };
}

/**
 * Runs all sides of a round that are there; returns the seconds of each, by name. Every other round goes in reverse: what
 * changes slowly meanwhile hits each as often.
 */
async function alternate({ index, missing }, sides) {
  const there = sides.filter(({ command }) => !missing.includes(command));
  const times = new Map();
  for (const { name, seconds } of index % 2 === 0 ? there : there.toReversed())
    times.set(name, await seconds());
  return new Map(there.map(({ name }) => [name, times.get(name)]));
}
