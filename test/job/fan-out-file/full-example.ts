/** Files in which, taken together, every key is used. */
export const full: readonly string[] = [
  `name: night-run
docker:
  image: registry.local:5000/tool:1.2
  engine: podman
  registry: { user: me, password: 12345 }
  pull: missing
  environment: { MODE: fast, LEVEL: 3, DEBUG: true, EMPTY: }
  volumes: [/data:/data:ro, ./out:/out]
  workdir: /out
  network: none
  shm: 1G
  options: [--cap-drop, ALL]
command: [tool, --in, '{}', -n, 1.10]
input: [a, b]
workers:
  file: { path: hosts.txt }
  ssh: { privateKey: ~/.ssh/id, port: 2200, options: [-o, ConnectTimeout=5] }
  logs: { file: { directory: 'logs/{{ .RunID }}', stdout: true, stderr: false, system: false } }
worker_resources:
  - PROXY: { file: { path: pool.txt, format: eachLine } }
  - LICENCE: { pool: SHARED }
task_resources:
  - ACCOUNT: { items: [alice, 7, alice] }
timeout: 1h30m
retries: 3
retry_delay: 5s
priority: -1
nice: 0
cpus: 2
memory: 512M
gpus: 1
labels: [bigmem, lab-2]
workdir: /tmp
env: { A: x, B: 1.10, C: }
max_failures: 2.5%
fail_fast: false
`,
  `command: true
input: { range: 1..1000 }
shards: 10
workers: { local: 4 }
retry-delay: 0
max_failures: 3
labels: bigmem, lab-2
timeout: 90
`,
  'command: a\ninput: { file: { path: t.csv, format: tsv } }\n',
  'command: a\ninput: { glob: ["*.png", "**/*.jpg"] }\nfail_fast: true\n',
  'command: a\ninput: { command: ls }\nworkers: { logs: {} }\n',
  `command: a
input:
  product:
    lr: [0.1, 0.01]
    seed: { range: 1..3 }
    f: { file: { path: pool.txt } }
    g: { glob: '*' }
    i: { items: [1] }
    c: { command: ls }
`,
];

export const fullFiles = {
  'hosts.txt': 'me@a\nb:22\n',
  'pool.txt': 'p1\np2\n',
  't.csv': 'a\tb\n1\t2\n',
};
