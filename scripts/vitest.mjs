// Runs the tests and counts them, for `npm test` and its like.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './setup.mjs';

/** Ends the program with one line that counts tests, whatever happens. */
export async function concludeWith(run) {
  const { passed, failed, skipped } = await (async () => run())().catch((error) => {
    console.error(`test: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  });
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

/** Runs vitest with these arguments; returns how many tests passed, failed and were skipped. */
export async function runTests(args, env = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'fjr-test-report-'));
  const reportFile = join(directory, 'report.json');
  try {
    const code = await runVitest(reportFile, args, env);
    if (!existsSync(reportFile)) throw new Error('vitest ended without a report.');
    const counts = count(JSON.parse(readFileSync(reportFile, 'utf8')));
    // Vitest also fails for what is no test: an unhandled rejection, a worker that died.
    return code === 0 ? counts : { ...counts, failed: Math.max(counts.failed, 1) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Resolves to the exit code, which is null if a signal ended vitest. */
function runVitest(reportFile, args, env) {
  const vitest = spawn(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config=test/vitest.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      ...args,
    ],
    // A process group of its own, because a vitest that is killed leaves its workers behind.
    { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'], detached: true },
  );
  // Who stops this process means the tests; the counting line is printed all the same.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => killGroup(vitest.pid, signal));
  return new Promise((resolve, reject) => {
    vitest.once('error', reject);
    vitest.once('exit', (code) => {
      killGroup(vitest.pid, 'SIGKILL');
      resolve(code);
    });
  });
}

function killGroup(leader, signal) {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function count({ numTotalTests, numPassedTests, numFailedTests, testResults }) {
  // A file that cannot be loaded, or whose hooks throw, has failed without any test of its own that says so.
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: numPassedTests,
    failed: numFailedTests + brokenFiles.length,
    skipped: numTotalTests - numPassedTests - numFailedTests,
  };
}
