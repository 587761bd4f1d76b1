import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { thisHost } from '../../src/cli/compose.js';
import { FjrError } from '../../src/job/fjr-error.js';
import { type CrewId, Layout } from '../../src/queue/layout.js';
import { perform } from '../../src/queue/perform.js';
import { raisePod } from '../../src/queue/raise-pod.js';
import type { FileCall, FileReply } from '../../src/queue/steps.js';
import { reportCrews } from '../../src/recruiter/crews-here.js';
import { MountedFiles } from '../../src/system/files.js';

const [leaving, staying] = ['host-aaaaaaaa' as CrewId, 'host-bbbbbbbb' as CrewId];
const crewFile = JSON.stringify({
  format: 1,
  ...{ host: 'elsewhere', pid: 1, workers: 1, cpus: 1, memory: 0, gpus: 0, lease: 30 },
  session: { kind: 'none', name: '' },
});
let layout: Layout;

/** Answers with an error for the heartbeat of the crew that leaves, once something has happened to its pod. */
class StaleHeartbeat extends MountedFiles {
  happens = (): void => undefined;

  override call(call: FileCall): FileReply {
    if (call.op !== 'read' || call.path !== layout.pod(leaving).heartbeat) return super.call(call);
    this.happens();
    throw new FjrError('filesystem', 'cannot read the heartbeat: ESTALE');
  }
}

const files = new StaleHeartbeat({ fsync: false, shared: true });

beforeEach(() => {
  layout = new Layout(mkdtempSync(`${tmpdir()}/fjr-crews-`));
  for (const directory of layout.directories) files.ensureDirectory(directory);
  for (const crew of [leaving, staying]) perform(files, raisePod(layout, crew, crewFile, 1));
});

afterEach(() => {
  rmSync(layout.root, { recursive: true });
});

test('a pod that is fenced while somebody looks at it is no crew, and hides no other', () => {
  files.happens = () => {
    renameSync(layout.pod(leaving).directory, layout.fencedPod(leaving).directory);
  };
  expect(reportCrews(files, thisHost(), layout).map(({ crew }) => crew)).toEqual([staying]);
});

test('a pod that is there and cannot be looked at is not passed over', () => {
  files.happens = () => undefined;
  expect(() => reportCrews(files, thisHost(), layout)).toThrow('cannot read the heartbeat: ESTALE');
});
