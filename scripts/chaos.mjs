// `npm run test:chaos -- [--fs FS] [--seed N] [--seeds N] [--jobs N] [--minutes N] [--quiet]`: see test/chaos/README.md.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setup } from './setup.mjs';

setup();
const { build } = await import('esbuild');
const directory = mkdtempSync(join(tmpdir(), 'fjr-chaos-'));
const program = join(directory, 'chaos.mjs');
const source = join(root, 'test/chaos/main.ts');
await build({
  entryPoints: [source],
  outfile: program,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // It finds the checkout by where it lies itself.
  define: { 'import.meta.url': JSON.stringify(pathToFileURL(source).href) },
  logLevel: 'warning',
});
const chaos = spawn(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
// Whoever interrupts means the seed, which takes its cluster down.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => chaos.kill(signal));
chaos.on('exit', (code) => {
  rmSync(directory, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});
