import { isHelp, parser } from './arguments.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { findProject } from './project.js';
import { sayStatus } from './status.js';

export async function fjr(argv: readonly string[]): Promise<ExitCode> {
  const args = await parser('fjr', argv)
    .option('json', { type: 'boolean', default: false })
    .command('status', 'How the project stands')
    .demandCommand(1)
    .parseAsync();
  if (isHelp(argv)) return exitCode.fine;
  return sayStatus(findProject(args.project), args.json);
}
