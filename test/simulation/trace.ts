import type { FileCall, FileReply } from '../../src/queue/steps.js';
import { layout } from '../model/verbs.js';

/** Takes a history down, line by line. */
export type Trace = (line: string) => void;

export function describe(call: FileCall): string {
  const short = (path: string): string => path.slice(layout.root.length + 1);
  return 'from' in call
    ? `${call.op} ${short(call.from)} → ${short(call.to)}`
    : `${call.op} ${short(call.path)}`;
}

export function show(reply: FileReply): string {
  if (reply instanceof Uint8Array) return JSON.stringify(Buffer.from(reply).toString());
  return typeof reply === 'object' ? `[${reply.join(', ')}]` : String(reply);
}

export function mark(remembered: FileReply | undefined, fate: string): string {
  if (fate === 'lost') return ' (the reply is lost)';
  return remembered === undefined || typeof remembered === 'object' ? '' : ' (remembered)';
}
