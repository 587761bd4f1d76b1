// A project in which many jobs have ended, as crews would have left it.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';

const letters = '0123456789abcdefghjkmnpqrstvwxyz';
const perWrite = 1000;

/** One job in fifty has failed, and printed why. They ended within the last 70 minutes, by eight workers of two crews. */
export function makeFinishedJobs(root, jobs, now = Date.now()) {
  for (const name of ['jobqueue', 'workerqueue', 'jobpods', 'done', 'failed', 'journal', 'logs', 'resources'])
    mkdirSync(`${root}/${name}`, { recursive: true, mode: 0o700 });
  const lines = { 'alpha-00000000': [], 'beta-00000000': [] };
  const flush = () => {
    for (const [crew, some] of Object.entries(lines)) {
      appendFileSync(
        `${root}/journal/${crew}.jsonl`,
        some.map((line) => `${JSON.stringify(line)}\n`).join(''),
      );
      some.length = 0;
    }
  };
  for (let n = 0; n < jobs; n++) {
    const crew = n % 3 === 0 ? 'beta-00000000' : 'alpha-00000000';
    const entry = `sample-${String(n).padStart(6, '0')}@${tokenOf(n)}.sh`;
    const hasFailed = n % 50 === 49;
    const to = hasFailed ? 'failed' : 'done';
    const share = n / Math.max(1, jobs - 1);
    const ended = now - 4_200_000 * (1 - share) ** 1.3 - 1000 * Math.abs(Math.sin(n / 300)) * 60;
    const ms = 200 + ((n * 7919) % 9000);
    const worker = 1 + (n % 8);
    writeFileSync(`${root}/${to}/${entry}`, '#!/bin/sh\nexec ./step "$FJR_JOB"\n', { mode: 0o700 });
    if (hasFailed)
      writeFileSync(
        `${root}/logs/${entry}.err`,
        `step: reading sample ${n}\nstep: line 17: unexpected end of input\nstep: giving up\n`,
      );
    const time = (at) => new Date(at).toISOString();
    lines[crew].push(
      { event: 'start', time: time(ended - ms), entry, worker },
      {
        ...{ event: 'finish', time: time(ended), entry, worker, to },
        ...{ outcome: { kind: 'exit', code: hasFailed ? 1 : 0 }, ms, printed: hasFailed ? ['err'] : [] },
      },
    );
    if (n % perWrite === 0) flush();
  }
  flush();
}

function tokenOf(n) {
  let token = '';
  for (let rest = n * 2_654_435_761; token.length < 10; rest = Math.floor(rest / 32) + n)
    token += letters[rest % 32];
  return token;
}
