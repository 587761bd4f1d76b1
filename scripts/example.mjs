// `npm run example`: everything from a clean checkout to ten finished jobs.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root, setup } from './setup.mjs';

await setup({ tests: false });

const project = 'example';
const directory = join(process.env.FJR_HOME ?? join(homedir(), '.fjr'), project);
const results = join(directory, 'results');
rmSync(results, { recursive: true, force: true });

show(`# Four workers, in one crew`);
fjr('fjr-recruiter', '--project', project, 'hire', '4');
show(`\n# Ten jobs: files in ${directory}/jobqueue`);
run('sh', join(root, 'example', 'create-jobs.sh'), project);
console.log(
  readdirSync(join(directory, 'jobqueue'))
    .filter((name) => !name.startsWith('.'))
    .sort(undefined)
    .join(' '),
);
show('\n# Run them all');
fjr('fjr-dispatcher', '--project', project);
show('\n# What they wrote');
for (const name of readdirSync(results).sort(byNumber))
  process.stdout.write(`${name}: ${readFileSync(join(results, name), 'utf8')}`);
show('\n# How the project stands now');
fjr('fjr', '--project', project, 'status');

function byNumber(a, b) {
  return Number(/\d+/.exec(a)) - Number(/\d+/.exec(b));
}

function show(line) {
  console.log(line);
}

function fjr(name, ...args) {
  console.log(`$ ${[name, ...args].join(' ')}`);
  run(process.execPath, join(root, 'dist', `${name}.js`), ...args);
}

function run(command, ...args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
