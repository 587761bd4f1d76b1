// Bundles each program of src/bin into dist/: few files to open, which matters when the installation lies on NFS.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { chmodSync, copyFileSync, readFileSync, rmSync } from 'node:fs';
import { buildPage } from './build-page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const programs = ['fjr', 'fjr-dispatcher', 'fjr-recruiter', 'fjr-worker'];
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

rmSync(`${root}dist`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: programs.map((name) => `src/bin/${name}.ts`),
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  chunkNames: 'chunks/[name]-[hash]',
  define: { FJR_VERSION: JSON.stringify(version) },
  // Some dependencies are CommonJS and call require for Node's own modules; ESM output has no require by itself.
  banner: {
    js: "import{createRequire as __fjrRequire}from'node:module';const require=__fjrRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
for (const script of ['starter.pl', 'container.sh', 'ssh-task.sh', 'far-task.sh'])
  copyFileSync(`${root}src/worker/${script}`, `${root}dist/${script}`);
// Programs that crews start, in one small file each: what they load is what starting them costs.
await build({
  absWorkingDir: root,
  entryPoints: { starter: 'src/worker/starter-process.ts', 'spec-runner': 'src/worker/spec-process.ts' },
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
});
await buildPage(root);
for (const name of programs) chmodSync(`${root}dist/${name}.js`, 0o755);
