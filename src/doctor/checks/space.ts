import { perform } from '../../queue/perform.js';
import { create } from '../../queue/steps.js';
import { fault, fine, type Verdict, warning } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';
import { size } from '../wording.js';

const MiB = 2 ** 20;
/** Bytes: jobs print, and a rename may need a block, too. */
const little = 1024 * MiB;
const none = 32 * MiB;
/** Files. */
const fewFiles = 10_000;
const hardlyAnyFiles = 500;

/** Room for what jobs print, and for the files of the project itself. */
export function checkSpace({ files, premises }: DoctorSystem, { layout, nonce }: Patient): Verdict[] {
  const { free, freeFiles } = premises.filesystem(layout.root);
  const room = freeFiles === undefined ? '' : `, ${freeFiles} files`;
  const what = `${size(free)}${room} free`;
  const hint = `remove what is not needed: fjr gc --older-than 30d removes what ended long ago`;
  const probe = layout.probe(nonce);
  try {
    // A quota is seen only by writing.
    perform(files, create(probe, Buffer.alloc(64 * 1024)));
  } finally {
    premises.remove(probe);
  }
  if (free < none || (freeFiles ?? Infinity) < hardlyAnyFiles) return [fault(`only ${what}`, hint)];
  if (free < little || (freeFiles ?? Infinity) < fewFiles) return [warning(`only ${what}`, hint)];
  return [fine(what)];
}
