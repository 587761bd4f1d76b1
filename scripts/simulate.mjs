// `npm run simulate [-- --hosts N --tasks N …]`: fjr's dispatcher and crews on a modelled file server.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, setup } from './setup.mjs';

await setup();
const { build } = await import('esbuild');
const directory = mkdtempSync(join(tmpdir(), 'fjr-simulate-'));
const program = join(directory, 'simulate.mjs');
await build({
  entryPoints: [join(root, 'test/scale/main.ts')],
  outfile: program,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
});
const simulation = spawn(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
simulation.on('exit', (code) => {
  rmSync(directory, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});
