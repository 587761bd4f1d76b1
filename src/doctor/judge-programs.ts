import { fine, note, type Verdict } from './finding.js';

/** `found`: which of tmux, screen and perl a host has. */
export function judgePrograms(found: readonly string[]): Verdict {
  const has = (name: string): boolean => found.includes(name);
  const lacks: string[] = [];
  if (!has('tmux') && !has('screen')) lacks.push('neither tmux nor screen: nobody can attach to crews');
  if (!has('perl')) lacks.push('no perl: starting a job costs more');
  if (lacks.length === 0) return fine(found.join(', '));
  const wanted = [...(has('tmux') || has('screen') ? [] : ['tmux']), ...(has('perl') ? [] : ['perl'])];
  return note(lacks.join('; '), `install ${wanted.join(' and ')}`);
}
