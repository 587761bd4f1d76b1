import { type Accepted, type Ending, type Evidence, type Noted, tokenOf } from './evidence.js';
import type { Execution } from './ledger.js';

/** Something that must not be. `job`: whose lines tell more. */
export interface Finding {
  readonly what: string;
  readonly job?: string;
  readonly token?: string;
}

/** Everything that is wrong. Empty: the seed is clean. */
export function findFaults(evidence: Evidence, items: readonly string[]): Finding[] {
  return [
    ...eachSubmissionOnce(evidence),
    ...eachOutcomeHasItsLine(evidence),
    ...eachTokenStartedOnce(evidence),
    ...eachOutcomeHappened(evidence),
    ...eachStartIsAccountedFor(evidence),
    ...oneHolderAtATime(evidence),
    ...dependentsCameLater(evidence),
    ...nothingIsLeft(evidence, items),
    ...noBugs(evidence),
  ];
}

/** What was acknowledged has exactly one outcome; what was not has one at most. */
function eachSubmissionOnce({ submissions, submitted, accepted }: Evidence): Finding[] {
  const acknowledged = new Set(submitted.filter(({ code }) => code === 0).map(({ id }) => id));
  const outcomes = new Map<string, Accepted[]>();
  const findings: Finding[] = [];
  for (const one of accepted) {
    if (one.submission === undefined) findings.push({ what: `nobody submitted ${one.to}/${one.entry}` });
    else outcomes.set(one.submission.id, [...(outcomes.get(one.submission.id) ?? []), one]);
  }
  for (const { id, name } of submissions) {
    const its = outcomes.get(id) ?? [];
    if (its.length > 1)
      findings.push({
        what: `${its.length} outcomes: ${its.map(({ entry }) => entry).join(', ')}`,
        job: name,
      });
    if (its.length === 0 && acknowledged.has(id))
      findings.push({ what: `lost: submission ${id}`, job: name });
  }
  return findings;
}

/** Lines that speak of an outcome which stands. */
function standing({ journal, accepted }: Evidence): Map<string, Ending[]> {
  const names = new Set(accepted.map(({ to, entry }) => `${to}/${entry}`));
  const lines = new Map<string, Ending[]>();
  for (const line of journal) {
    if (line.event !== 'finish' && line.event !== 'verdict') continue;
    const name = `${line.to}/${line.entry}`;
    if (names.has(name)) lines.set(name, [...(lines.get(name) ?? []), line]);
  }
  return lines;
}

function eachOutcomeHasItsLine(evidence: Evidence): Finding[] {
  const lines = standing(evidence);
  return evidence.accepted.flatMap(({ to, entry, submission, token }) => {
    // An append that was answered with an error may have been carried out, and is made again: both say the same.
    const said = new Set((lines.get(`${to}/${entry}`) ?? []).map(({ outcome }) => JSON.stringify(outcome)));
    const count = said.size;
    const what = `${count} different lines in the journals for ${to}/${entry}`;
    return count === 1 ? [] : [{ what, token, ...jobOf(submission?.name) }];
  });
}

function jobOf(name: string | undefined): { job: string } | object {
  return name === undefined ? {} : { job: name };
}

function eachTokenStartedOnce({ executions }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const seen = new Map<string, Execution>();
  for (const execution of executions) {
    const { token, job } = execution;
    if (seen.has(token)) findings.push({ what: `started twice under the token ${token}`, job, token });
    seen.set(token, execution);
  }
  return findings;
}

/** An exit code was the job's own; a job that was turned away did not run. */
function eachOutcomeHappened(evidence: Evidence): Finding[] {
  const lines = standing(evidence);
  const executions = new Map(evidence.executions.map((execution) => [execution.token, execution]));
  return evidence.accepted.flatMap((accepted) => {
    const [line] = lines.get(`${accepted.to}/${accepted.entry}`) ?? [];
    const what = line === undefined ? undefined : disbelieve(line, accepted, executions.get(accepted.token));
    if (what === undefined) return [];
    return [
      {
        what: `${accepted.to}/${accepted.entry}: ${what}`,
        token: accepted.token,
        ...jobOf(accepted.submission?.name),
      },
    ];
  });
}

function disbelieve(
  { outcome }: Ending,
  accepted: Accepted,
  execution: Execution | undefined,
): string | undefined {
  switch (outcome.kind) {
    case 'exit':
      if (execution?.code !== outcome.code)
        return `exit code ${outcome.code} by the journal, ${execution?.code ?? 'none'} by the ledger`;
      return (outcome.code === 0) === (accepted.to === 'done') ? undefined : `exit code ${outcome.code}`;
    case 'signal':
    case 'lost':
    case 'spawn-error':
      return accepted.to === 'failed' ? undefined : outcome.kind;
    case 'dependency':
      if (execution !== undefined) return 'it ran though what it waited for had failed';
      return accepted.submission?.after === undefined ? 'it waited for nothing' : undefined;
    case 'rejected':
      if (execution !== undefined) return 'it ran though it was rejected';
      // Of a copy that was interrupted there is nothing to run.
      return accepted.submission?.way === 'cp' ? undefined : `rejected: ${outcome.reason}`;
    case 'timeout':
    case 'cancelled':
    case 'tasks':
      return `nobody asked for this: ${outcome.kind}`;
  }
}

/** What ran and does not count was tried again, given back, or was the work of a crew that had lost its pod. */
function eachStartIsAccountedFor({ executions, accepted, journal }: Evidence): Finding[] {
  const counted = new Set(accepted.map(({ token }) => token));
  const wentBack = new Set(
    journal.filter((line) => line.event === 'finish' && line.to === 'queue').map((line) => tokenOfLine(line)),
  );
  // Buried: whoever fenced it may have been killed before it noted that.
  const ended = new Set<string>(
    journal.flatMap((line) =>
      line.event === 'fenced' || line.event === 'buried' || line.event === 'left' ? [line.crew] : [],
    ),
  );
  return executions
    .filter(({ token, crew }) => !counted.has(token) && !wentBack.has(token) && !ended.has(crew))
    .map(({ token, crew, job }) => ({
      what: `a start that nothing accounts for: ${token} by ${crew}`,
      job,
      token,
    }));
}

function tokenOfLine(line: Noted): string {
  return 'entry' in line ? tokenOf(line.entry) : '';
}

function oneHolderAtATime({ ledger }: Evidence): Finding[] {
  return ledger
    .filter(({ event }) => event === 'clash')
    .map(({ token, details, submission, host }) => ({
      what: `the item ${details[0] ?? ''} had two holders: ${submission} on ${host} was the second`,
      token,
    }));
}

/** Whoever waits for a job begins when some execution of it has ended well. */
function dependentsCameLater({ executions, submissions }: Evidence): Finding[] {
  const after = new Map(submissions.map((submission) => [submission.id, submission.after]));
  return executions.flatMap(({ submission, began, job, token }) => {
    const first = after.get(submission);
    if (first === undefined) return [];
    const met = executions.some(
      (other) => other.job === first && other.code === 0 && (other.ended ?? Infinity) <= began,
    );
    return met ? [] : [{ what: `it began before ${first} was done`, job, token }];
  });
}

function nothingIsLeft({ left, items, processes }: Evidence, expected: readonly string[]): Finding[] {
  const missing = expected.filter((item) => !items.includes(item));
  return [
    ...left.map((path) => ({ what: `left behind: ${path}` })),
    ...missing.map((item) => ({ what: `the item ${item} is missing` })),
    ...processes.map((process) => ({ what: `still running: ${process}` })),
  ];
}

function noBugs({ outputs }: Evidence): Finding[] {
  return outputs
    .filter((text) => /bug in fjr|TypeError|ReferenceError|Unhandled|at file:\/\//.test(text))
    .map((what) => ({ what }));
}

/** Executions of one job that ran at the same time: fjr tries to avoid them, and cannot always. */
export function overlaps({ executions }: Evidence): number {
  const until = new Map<string, number>();
  let count = 0;
  for (const { job, began, ended } of executions) {
    if (began < (until.get(job) ?? 0)) count++;
    until.set(job, Math.max(until.get(job) ?? 0, ended ?? 0));
  }
  return count;
}
