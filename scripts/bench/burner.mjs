// Jobs that take CPU.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './sheet.mjs';

/** A program that takes about so many milliseconds of CPU, and nothing else of this machine. */
export async function makeBurner(bench, milliseconds) {
  const file = join(bench.home, `burn${milliseconds}`);
  const write = (turns) =>
    writeFileSync(file, `#!/bin/sh\ni=0; while [ $i -lt ${turns} ]; do i=$((i + 1)); done\n`, {
      mode: 0o700,
    });
  const tried = 500_000;
  write(tried);
  const times = [];
  for (let run = 0; run < 5; run++) times.push(await bench.processes.time([file]));
  write(Math.round((tried * milliseconds) / 1000 / median(times)));
  return file;
}
