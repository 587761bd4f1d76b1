#!/usr/bin/env node
/**
 * Figures of a cluster (see README.md): `scripts/cluster/measure.mjs FS [SECTION...]`.
 *
 * Sections: hire latency rate idle death. It starts the cluster and takes it down; times are those of this machine, to
 * compare with each other.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [filesystem = 'sshfs', ...wanted] = process.argv.slice(2);
const here = fileURLToPath(new URL('.', import.meta.url));
const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const cluster = `${here}cluster`;
const hosts = ['h1', 'h2', 'h3'];

/** Runs a shell script on a host as its user; returns what it printed. */
function on(host, script, seconds = 300) {
  const args = ['run', host, 'bash', '-c', script];
  return execFileSync(cluster, args, {
    encoding: 'utf8',
    timeout: seconds * 1000,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const program = (name) => `node ${dist}/${name}.js`;
const background = (command, log) => `nohup ${command} >~/${log} 2>&1 </dev/null &`;

function stopAll() {
  for (const host of hosts) spawnSync(cluster, ['run', '-r', host, 'pkill', '-KILL', '-u', 'fjr']);
}

function until(what, check, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  while (!check()) {
    if (Date.now() > end) throw new Error(`${what}: not in ${seconds} s`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
}

function startCrew(host, project, workers, options = '', environment = '') {
  on(
    host,
    background(
      `env ${environment} ${program('fjr-worker')} --project ${project} --workers ${workers} ${options}`,
      `crew-${host}.log`,
    ),
  );
  until(`a crew on ${host}`, () => on(host, `cat ~/crew-${host}.log`).includes('Started'));
}

function startDispatcher(host, project, environment = '') {
  on(
    host,
    background(
      `env ${environment} ${program('fjr-dispatcher')} --project ${project} --keep-running`,
      `dispatcher-${host}.log`,
    ),
  );
  until(`a dispatcher on ${host}`, () => on(host, `cat ~/dispatcher-${host}.log`).includes('Started'));
}

function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { samples: sorted.length, min: sorted[0], median: at(0.5), p99: at(0.99), max: sorted.at(-1) };
}

function report(section, figures) {
  console.log(JSON.stringify({ filesystem, section, ...figures }));
}

/** Milliseconds from a fork to the first instruction of such a job on a host: what no scheduler can save. */
function floor() {
  const each =
    'my $before = time; my $ns = qx(sh -c "date +%s%N"); printf "%.1f\\n", $ns / 1e6 - $before * 1e3;';
  const printed = on('h2', `perl -MTime::HiRes=time -e 'for (1..30) { ${each} }'`);
  report('floor', { ms: spread(printed.trim().split('\n').map(Number)) });
}

/** Milliseconds from the rename into the queue until the job's process runs on another host. */
function latency(hints, way) {
  const project = `latency-${hints}-${way}`;
  const environment = `FJR_HINTS=${hints}`;
  startCrew('h2', project, 2, '', environment);
  startDispatcher('h1', project, environment);
  const count = hints === 'on' ? 100 : 30;
  const pause = hints === 'on' ? 400 : 4000;
  const drop = {
    // Moved into the queue on the dispatcher's host, whose kernel tells of it.
    here: 'fs.renameSync(draft, queue + "/" + name)',
    // Moved into it on a third host: nobody tells.
    elsewhere: 'fs.renameSync(draft, queue + "/" + name)',
    // fjr submit on a third host.
    submitted: `require("child_process").execFileSync("node", ["${dist}/fjr.js", "submit", "--project", "${project}", draft, "--name", name])`,
  }[way];
  const script = `
    const fs = require("fs"); const home = process.env.HOME; const queue = home + "/.fjr/${project}/jobqueue";
    const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    pause(3000);
    for (let n = 1; n <= ${count}; n++) {
      const name = "job" + n + ".sh"; const draft = home + "/draft.sh";
      fs.writeFileSync(draft, "#!/bin/sh\\ndate +%s%N\\n", { mode: 0o700 });
      const before = Date.now(); ${drop}; console.log(name, ${way === 'submitted' ? 'before' : 'Date.now()'});
      pause(${pause} + Math.random() * ${pause});
    }
    pause(${hints === 'on' ? 3000 : 8000});`;
  const dropped = on(way === 'here' ? 'h1' : 'h3', `env ${environment} node -e '${script}'`, 900)
    .trim()
    .split('\n');
  const read = on(
    'h1',
    `cd ~/.fjr/${project}/logs; for f in job*.out; do [ -L $f ] && echo "$f $(cat $f)"; done; true`,
  );
  const started = new Map(
    read
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([file, ns]) => [file.replace(/\.out$/, ''), Number(ns) / 1e6]),
  );
  const times = dropped
    .map((line) => line.split(' '))
    .map(([name, ms]) => (started.get(name) ?? NaN) - Number(ms));
  report('latency', {
    hints,
    way,
    lost: times.filter(Number.isNaN).length,
    ms: spread(times.filter((ms) => !Number.isNaN(ms)).map(Math.round)),
  });
  stopAll();
}

/** Jobs a second, three hosts with four workers each. */
function rate(hints) {
  const project = `rate-${hints}`;
  for (const host of hosts) startCrew(host, project, 4, '', `FJR_HINTS=${hints}`);
  const count = 600;
  on(
    'h1',
    `mkdir -p ~/q; for i in $(seq ${count}); do printf '[fjr]\\nexecutable: true\\n' >~/q/j$i.conf; done; mv ~/q/*.conf ~/.fjr/${project}/jobqueue/`,
  );
  const start = Date.now();
  startDispatcher('h1', project, `FJR_HINTS=${hints}`);
  until('all jobs', () => Number(on('h1', `ls ~/.fjr/${project}/done | wc -l`)) === count, 600);
  report('rate', { hints, jobs: count, perSecond: Math.round((count * 10_000) / (Date.now() - start)) / 10 });
  stopAll();
}

/** Calls to the file server, from the kernel's own count. */
function calls(host) {
  const counts = {};
  for (const [, name, count] of on(host, 'cat /proc/self/mountstats').matchAll(
    /^\s+([A-Z_]+): (\d+) \d+ \d+/gm,
  ))
    counts[name] = (counts[name] ?? 0) + Number(count);
  return counts;
}

/** Operations a second that an idle crew and an idle dispatcher cause. */
function idle(hints) {
  const project = `idle-${hints}`;
  startCrew('h2', project, 8, '', `FJR_HINTS=${hints}`);
  startDispatcher('h1', project, `FJR_HINTS=${hints}`);
  const seconds = 60;
  execFileSync('sleep', ['20']);
  const before = ['h1', 'h2'].map(calls);
  execFileSync('sleep', [String(seconds)]);
  const after = ['h1', 'h2'].map(calls);
  for (const [index, who] of ['dispatcher', 'crew'].entries()) {
    const each = Object.entries(after[index])
      .map(([name, count]) => [name, count - (before[index][name] ?? 0)])
      .filter(([, count]) => count > 0);
    report('idle', {
      hints,
      who,
      perSecond: Math.round((each.reduce((sum, [, count]) => sum + count, 0) / seconds) * 100) / 100,
      operations: Object.fromEntries(each),
    });
  }
  stopAll();
}

/** Seconds from a crew's death to its job's next start elsewhere. */
function death(lease) {
  const project = `death-${lease}`;
  startDispatcher('h1', project);
  const times = [];
  for (let round = 1; round <= 3; round++) {
    startCrew('h2', project, 1, `--lease ${lease}`);
    on(
      'h1',
      `printf '#!/bin/sh\\ndate +%%s%%N\\nexec sleep 5\\n' >~/d; chmod +x ~/d; mv ~/d ~/.fjr/${project}/jobqueue/job${round}.sh`,
    );
    until('a start', () =>
      on('h1', `ls ~/.fjr/${project}/jobpods/h2*/running || true`).includes(`job${round}@`),
    );
    startCrew('h3', project, 1, `--lease ${lease}`);
    spawnSync(cluster, ['run', '-r', 'h2', 'pkill', '-KILL', '-u', 'fjr']);
    const died = Date.now();
    until('the next outcome', () => on('h1', `ls ~/.fjr/${project}/done`).includes(`job${round}@`), 300);
    // Of the execution that counted: what the lost one printed is kept, too.
    const next = Number(on('h1', `cd ~/.fjr/${project}; cat logs/$(ls done | grep ^job${round}@).out`)) / 1e6;
    times.push(Math.round((next - died) / 100) / 10);
    spawnSync(cluster, ['run', '-r', 'h3', 'pkill', '-KILL', '-u', 'fjr']);
    until('the end of the second crew', () => !on('h1', `ls ~/.fjr/${project}/jobpods`).includes('h3'), 300);
  }
  report('death', { lease, seconds: spread(times) });
  stopAll();
}

/** Seconds until all crews of remote.conf are born. */
function hire(count) {
  const project = `hire-${count}`;
  const sections = hosts.slice(0, count).map((host) => `[${host}]\\nname: ${host}\\nworkers: 4\\n`);
  on('h1', `mkdir -p -m 700 ~/.fjr/${project}; printf '${sections.join('')}' >~/.fjr/${project}/remote.conf`);
  const times = [];
  for (let round = 0; round < 3; round++) {
    const start = Date.now();
    on('h1', `${program('fjr-recruiter')} --project ${project} hire`);
    times.push(Math.round((Date.now() - start) / 10) / 100);
    on('h1', `${program('fjr-recruiter')} --project ${project} fire`);
  }
  report('hire', { hosts: count, seconds: spread(times) });
}

const sections = {
  hire: () => [1, 3].forEach(hire),
  latency: () => {
    floor();
    for (const way of ['here', 'elsewhere', 'submitted']) latency('on', way);
    latency('off', 'here');
  },
  rate: () => ['on', 'off'].forEach(rate),
  idle: () => ['on', 'off'].forEach(idle),
  death: () => [10, 30].forEach(death),
};

execFileSync(cluster, ['up', filesystem, String(hosts.length)], { stdio: ['ignore', 'ignore', 'inherit'] });
try {
  for (const [name, run] of Object.entries(sections)) if (wanted.length === 0 || wanted.includes(name)) run();
} finally {
  execFileSync(cluster, ['down'], { stdio: 'ignore' });
}
