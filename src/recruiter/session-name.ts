import { createHash } from 'node:crypto';

/**
 * The name of a crew's session: plain enough for tmux and screen, and never the same for two projects, nor the
 * beginning of another's (screen matches names by their beginning).
 */
export function sessionName(project: string, root: string, host: string): string {
  const plain = `fjr-${project}-${host.replace(/\..*$/s, '')}`.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 40);
  return `${plain}-${createHash('sha256').update(`${root}\0${host}`).digest('hex').slice(0, 4)}`;
}
