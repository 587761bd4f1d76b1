import type { FileCall, FileReply } from '../../src/queue/steps.js';

/** What becomes of one call: see `What`. */
export type Fate = 'go' | 'late' | 'lost' | 'error' | 'error-after';

/** The trouble that befalls a call, if there is some that can: a listing is made anew when its reply is lost. */
export function takeFate(actor: { fate: Fate }, { op }: FileCall): Fate {
  const { fate } = actor;
  const changes = op !== 'list' && op !== 'read' && op !== 'size';
  if (!changes && fate !== 'error') return 'go';
  if (fate === 'lost' && withoutReply(op) === 'ok') return 'go';
  actor.fate = 'go';
  return fate;
}

/** What one is told when the reply was lost and the server, asked again, has forgotten that it did it. */
export function withoutReply(op: FileCall['op']): FileReply {
  switch (op) {
    case 'rename':
    case 'unlink':
    case 'rmdir':
      return 'missing';
    case 'link':
    case 'mkdir':
      return 'exists';
    default:
      return 'ok';
  }
}
