import { type Token, tokenAlphabet, tokenLength } from './token.js';

/**
 * The name of a job's file. A plain name `J.conf` is what a person put into the queue. From its first assignment on it
 * is an entry, `J@k3f9q2m4n7+x2+l1.conf`: the token of its newest assignment, and how often it failed for each reason.
 */
export interface EntryName {
  /** The name that people know: `J.conf`. */
  readonly job: string;
  readonly token: Token | undefined;
  readonly counts: Counts;
}

/** Reasons why an execution did not count, each with the letter that counts it in the name. */
const letters = { exit: 'x', signal: 'k', timeout: 't', lost: 'l', 'spawn-error': 's' } as const;
export type CountedReason = keyof typeof letters;
export type Counts = Readonly<Partial<Record<CountedReason, number>>>;

const reasons = Object.keys(letters) as CountedReason[];
const reasonOfLetter = new Map<string, CountedReason>(reasons.map((reason) => [letters[reason], reason]));

const entryPattern = new RegExp(
  `^(.+)@([${tokenAlphabet}]{${tokenLength}})((?:\\+[${Object.values(letters).join('')}][1-9]\\d{0,3})*)(\\.[^.]*)?$`,
  's',
);

/** Bytes of the longest job name that leaves room for a token, counts and `.out`. */
export const longestName = 215;

const noCounts: Counts = Object.freeze({});

export function parseEntryName(fileName: string): EntryName {
  const match = fileName.includes('@') ? entryPattern.exec(fileName) : null;
  if (match === null) return { job: fileName, token: undefined, counts: noCounts };
  return {
    job: `${match[1] ?? ''}${match[4] ?? ''}`,
    token: match[2] as Token,
    counts: parseCounts(match[3] ?? ''),
  };
}

export function formatEntryName({ job, token, counts }: EntryName): string {
  if (token === undefined) return job;
  const dot = extensionStart(job);
  return `${job.slice(0, dot)}@${token}${formatCounts(counts)}${job.slice(dot)}`;
}

/** The same job under a new token: what an assignment names it. */
export function withToken(fileName: string, token: Token): string {
  return formatEntryName({ ...parseEntryName(fileName), token });
}

/** The same entry, with one more of `reason` in its name. */
export function withFailure(fileName: string, reason: CountedReason): string {
  const entry = parseEntryName(fileName);
  return formatEntryName({
    ...entry,
    counts: { ...entry.counts, [reason]: (entry.counts[reason] ?? 0) + 1 },
  });
}

/** The token of an entry's file name; undefined for a name that no assignment made. */
export function tokenOf(fileName: string): Token | undefined {
  return parseEntryName(fileName).token;
}

/** Executions before this one that ended in any counted way. */
export function failuresOf(counts: Counts): number {
  return reasons.reduce((sum, reason) => sum + (counts[reason] ?? 0), 0);
}

/** Where the last extension starts: `*.conf` still matches an entry. A leading dot is no extension. */
function extensionStart(job: string): number {
  const dot = job.lastIndexOf('.');
  return dot > 0 ? dot : job.length;
}

function parseCounts(text: string): Counts {
  if (text === '') return noCounts;
  const counts: Partial<Record<CountedReason, number>> = {};
  for (const part of text.slice(1).split('+')) {
    const reason = reasonOfLetter.get(part.charAt(0));
    if (reason !== undefined) counts[reason] = Number(part.slice(1));
  }
  return counts;
}

function formatCounts(counts: Counts): string {
  let text = '';
  for (const reason of reasons)
    if ((counts[reason] ?? 0) > 0) text += `+${letters[reason]}${counts[reason] ?? 0}`;
  return text;
}

/** Whether programs pass over a name in the queue: hidden, or somebody's temporary file. */
export function isIgnored(fileName: string): boolean {
  return fileName.startsWith('.') || fileName.endsWith('~') || fileName.endsWith('.tmp');
}
