import { FjrError } from '../job/fjr-error.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { printable, remark } from './say.js';

export type ProgramName = 'fjr' | 'fjr-recruiter' | 'fjr-dispatcher' | 'fjr-worker';

/** A program from its arguments to its exit code. */
type Program = (argv: readonly string[]) => Promise<ExitCode>;

/** Each program is loaded only when it is the one that runs. */
const programs: Readonly<Record<ProgramName, () => Promise<Program>>> = {
  fjr: async () => (await import('./fjr.js')).fjr,
  'fjr-recruiter': async () => (await import('./fjr-recruiter.js')).recruiter,
  'fjr-dispatcher': async () => (await import('./fjr-dispatcher.js')).dispatcher,
  'fjr-worker': async () => (await import('./fjr-worker.js')).worker,
};

/** Runs a program and ends the process: the one place that does. */
export async function main(name: ProgramName, argv: readonly string[]): Promise<never> {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', () => {
      // `fjr status | head` is no error. A crew, dispatcher or server whose terminal is gone has work to do all the same.
      if (name !== 'fjr' || argv.includes('serve')) return;
      // What `fjr run` has begun it must end in order.
      if (argv.includes('run')) process.emit('SIGTERM');
      else process.exit(exitCode.fine);
    });
  let code: ExitCode;
  try {
    code = await (await programs[name]())(argv);
  } catch (error) {
    code = complain(name, error);
  }
  await new Promise((resolve) => process.stdout.write('', resolve));
  process.exit(code);
}

const codes: Readonly<Record<string, ExitCode>> = {
  usage: exitCode.usage,
  'remote-conf': exitCode.usage,
  'no-such-project': exitCode.notFound,
  'no-such-job': exitCode.notFound,
  'no-such-token': exitCode.notFound,
  locked: exitCode.locked,
};

function complain(name: ProgramName, error: unknown): ExitCode {
  if (!(error instanceof FjrError)) {
    process.stderr.write(
      `${name}: this is a bug in fjr:\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return exitCode.failure;
  }
  // All that is wrong with a file, line by line.
  const lines = error.code === 'bad-fan-out-file' ? error.message.split('\n') : [error.message];
  remark(`${name}: ${lines.map(printable).join('\n')}`);
  if (error.hint !== undefined) remark(`hint: ${printable(error.hint)}`);
  return codes[error.code] ?? exitCode.failure;
}
