/** What the programs exit with: one table for all of them, shown by every `--help`. */
export const exitCode = {
  fine: 0,
  failure: 1,
  usage: 2,
  someFailed: 3,
  notFound: 4,
  locked: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

export const exitCodeTable = `Exit codes: 0 fine · 1 failure · 2 usage · 3 some jobs, hosts or checks failed ·
            4 no such project or job · 5 another dispatcher holds the lock · 130 interrupted`;
