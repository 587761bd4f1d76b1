// The page that `fjr serve` shows, in dist/ui: bundled, named by its content, and compressed once instead of at each request.
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

export async function buildPage(root) {
  const from = `${root}src/server/ui`;
  const to = `${root}dist/ui`;
  const { version } = JSON.parse(readFileSync(`${root}node_modules/uplot/package.json`, 'utf8'));
  mkdirSync(to, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: `${from}/main.ts`, page: `${from}/page.css` },
    outdir: to,
    bundle: true,
    splitting: true,
    minify: true,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    banner: { js: `/*! With uPlot ${version} by Leon Sorokin, MIT: uPlot-LICENSE.txt */` },
    logLevel: 'warning',
  });
  let page = readFileSync(`${from}/index.html`, 'utf8');
  for (const path of Object.keys(metafile.outputs)) {
    const name = basename(path);
    page = page.replace(`"${name.replace(/-[A-Z0-9]+(\.\w+)$/, '$1')}"`, `"${name}"`);
  }
  writeFileSync(`${to}/index.html`, page);
  copyFileSync(`${from}/icon.svg`, `${to}/icon.svg`);
  copyFileSync(`${root}node_modules/uplot/LICENSE`, `${to}/uPlot-LICENSE.txt`);
  for (const name of readdirSync(to)) {
    const content = readFileSync(`${to}/${name}`);
    writeFileSync(`${to}/${name}.gz`, gzipSync(content, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
    writeFileSync(`${to}/${name}.br`, brotliCompressSync(content, { params }));
  }
}
