// `npm run test:cluster [-- FS...]`: the tests of test/cluster at full length, on a cluster of each filesystem in turn.
// FJR_TEST_ROUNDS: how often each verb is contested, 10,000 times unless said otherwise. Needs root.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root, setup } from './setup.mjs';
import { concludeWith, runTests } from './vitest.mjs';

const program = join(root, 'scripts', 'cluster', 'cluster');
const all = ['local', 'sshfs', 'sshfs-stale', 'gluster', 'nfs', 'nfs3'];
const filesystems = process.argv.length > 2 ? process.argv.slice(2) : all;
// The state of a cluster may not lie in /tmp: hosts have a /tmp of their own.
const directory = mkdtempSync('/var/tmp/fjr-test-');
const figures = join(directory, 'figures');
const env = {
  FJR_TEST_ROUNDS: process.env.FJR_TEST_ROUNDS ?? '10000',
  FJR_TEST_FIGURES: figures,
  FJR_TEST_CLUSTER: join(directory, 'cluster'),
  FJR_CLUSTER: join(directory, 'cluster'),
  FJR_CLUSTER_PREFIX: basename(directory),
};

// Vitest is told as well; what comes after it must still happen.
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (interrupted = true));

await concludeWith(async () => {
  setup({ tests: true });
  const sum = { passed: 0, failed: 0, skipped: 0 };
  try {
    for (const filesystem of filesystems) {
      if (interrupted) break;
      const counts = await testOn(filesystem);
      for (const kind of Object.keys(sum)) sum[kind] += counts[kind];
    }
    showFigures();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return interrupted ? { ...sum, failed: Math.max(sum.failed, 1) } : sum;
});

async function testOn(filesystem) {
  console.log(`\n# ${filesystem}`);
  try {
    if (!cluster('install', filesystem) || !cluster('up', filesystem, '2'))
      return { passed: 0, failed: 1, skipped: 0 };
    return await runTests(['test/cluster'], env);
  } finally {
    cluster('down');
  }
}

function cluster(...args) {
  const { status } = spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  return status === 0;
}

/** What both hosts saw is summed, but for the rounds, which they share. */
function showFigures() {
  const table = new Map();
  const lines = existsSync(figures) ? readFileSync(figures, 'utf8').trimEnd().split('\n') : [];
  for (const line of lines) {
    const { filesystem, contest, rounds, wins, both, contradictions, seconds, ...seen } = JSON.parse(line);
    const key = `${filesystem}, ${contest.split(':')[0]}${contest.includes('another host') ? ' and read' : ''}`;
    const { lost = 0, doubled = 0, torn = 0, stale = 0, hidden = 0 } = table.get(key) ?? {};
    table.set(key, {
      rounds,
      'won by h1': wins[0],
      'won by h2': wins[1],
      both,
      contradictions,
      // Each host lists what neither finds.
      lost: Math.max(lost, seen.lost),
      doubled: Math.max(doubled, seen.doubled),
      torn: torn + seen.torn,
      stale: Math.max(stale, seen.stale),
      hidden: hidden + seen.hidden,
      seconds: Math.round(seconds),
    });
  }
  console.table(Object.fromEntries(table));
}
