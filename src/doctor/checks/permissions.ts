import { fault, fine, note, type Verdict, warning } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';

/** The project is its owner's alone: what is in its queue runs with the owner's rights. */
export function checkPermissions({ premises, uid }: DoctorSystem, { layout }: Patient): Verdict[] {
  const { root } = layout;
  const fixture = premises.look(root);
  if (fixture === undefined) return [fault(`${root} is missing`)];
  const owner =
    fixture.uid === uid
      ? []
      : [
          note(
            `${root} belongs to user ${fixture.uid}, and you are user ${uid}`,
            'work as its owner, unless this filesystem shows another owner than there is',
          ),
        ];
  const { mode } = fixture;
  if ((mode & 0o077) === 0) return owner.length > 0 ? owner : [fine('yours alone (0700)')];
  const close = (): string => {
    premises.close(root);
    return `closed ${root} to others`;
  };
  const octal = `0${mode.toString(8)}`;
  const hint = `chmod 700 ${root}`;
  return [
    ...owner,
    (mode & 0o022) === 0
      ? warning(`others can read ${root} (${octal}): job files and what jobs print`, hint, close)
      : fault(
          `others can write to ${root} (${octal}): they could take jobs, and change what runs`,
          hint,
          close,
        ),
  ];
}
