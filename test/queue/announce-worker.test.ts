import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { announceWorker } from '../../src/queue/announce-worker.js';
import { Layout, parseCrewId } from '../../src/queue/layout.js';
import { perform } from '../../src/queue/perform.js';
import { MountedFiles } from '../../src/system/files.js';

test('a badge that somebody had set aside when he was killed is offered again', () => {
  const layout = new Layout(mkdtempSync(`${tmpdir()}/fjr-announce-`));
  const badge = { crew: parseCrewId('host-k3f9q2m4')!, worker: 3 };
  const pod = layout.pod(badge.crew);
  const files = new MountedFiles({ fsync: false, shared: true });
  try {
    for (const path of [layout.workerqueue, pod.directory]) files.ensureDirectory(path);
    writeFileSync(`${pod.badgeAside(badge)}0123456789`, '');
    expect(perform(files, announceWorker(layout, badge))).toBe('announced');
    expect(readdirSync(layout.workerqueue)).toEqual(['host-k3f9q2m4.3']);
    expect(readdirSync(pod.directory)).toEqual([]);
  } finally {
    rmSync(layout.root, { recursive: true });
  }
});
