import { fine, note, type Verdict } from '../finding.js';
import { judgePrograms } from '../judge-programs.js';
import type { DoctorSystem } from '../patient.js';

/** Programs that crews make use of, where they are. */
export function checkPrograms({ premises }: DoctorSystem): Verdict[] {
  const verdicts = [
    judgePrograms(['tmux', 'screen', 'perl'].filter((name) => premises.program(name) !== undefined)),
  ];
  const limit = premises.openFiles();
  if (limit === undefined) return verdicts;
  return [
    ...verdicts,
    limit < enough
      ? note(`a process may open only ${limit} files`, `ulimit -n ${enough}, before crews are hired`)
      : fine(`a process may open ${limit} files`),
  ];
}

/** Open files that a crew of many workers and its jobs need. */
const enough = 1024;
