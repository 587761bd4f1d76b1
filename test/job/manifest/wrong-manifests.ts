import type { WrongFile } from '../fan-out-file/wrong-files.js';

/** What the world of wrong manifests holds. */
export const given = { files: { '/here/Dockerfile': 'FROM scratch\n' }, directories: ['empty'] };

// What most of them have in common, which is right.
const header = ['kind: AIchorManifest', 'apiVersion: 0.2.1'];
const tfSpec = ['spec:', '  operator: tf', '  command: a'];
const tf = [...header, ...tfSpec];
const jobset = [...header, 'spec:', '  operator: jobset', '  command: a'];
const types = ['  types:', '    Worker:', '      count: 2'];
const workers = [...types, '      resources: { cpus: 1, ramRatio: 1 }'];

/** Manifests that are refused. */
export const wrongManifests: readonly WrongFile[] = [
  {
    what: 'nothing but a kind',
    lines: ['kind: AIchorManifest'],
    says: [
      'manifest.yaml has 2 problems:',
      '  line 1, column 1: "apiVersion" is missing (expected one of 0.2.1, 0.2.2)',
      '  line 1, column 1: "spec" is missing (expected a map with operator, command and types)',
    ],
  },
  {
    what: 'a kind that is misspelt',
    lines: ['kind: AichorManifest', 'apiVersion: 0.2.1', ...tfSpec, ...workers],
    says: [
      'manifest.yaml, line 1, column 7: kind is "AichorManifest"',
      'hint: did you mean "AIchorManifest"?',
    ],
  },
  {
    what: 'a kind of something else',
    lines: ['kind: Deployment', 'apiVersion: 0.2.1', ...tfSpec, ...workers],
    says: ['manifest.yaml, line 1, column 7: kind is "Deployment"', 'hint: expected AIchorManifest'],
  },
  {
    what: 'no kind',
    lines: ['apiVersion: 0.2.1', ...tfSpec, ...workers],
    says: ['manifest.yaml, line 1, column 1: "kind" is missing', 'hint: expected AIchorManifest'],
  },
  {
    what: 'no version',
    lines: ['kind: AIchorManifest', ...tfSpec, ...workers],
    says: ['manifest.yaml, line 1, column 1: "apiVersion" is missing', 'hint: expected one of 0.2.1, 0.2.2'],
  },
  {
    what: 'a version that is not known',
    lines: ['kind: AIchorManifest', 'apiVersion: 0.3', ...tfSpec, ...workers],
    says: ['manifest.yaml, line 2, column 13: apiVersion is 0.3', 'hint: expected one of 0.2.1, 0.2.2'],
  },
  {
    what: 'no spec',
    lines: [...header, 'builder: { image: x }'],
    says: [
      'manifest.yaml, line 1, column 1: "spec" is missing',
      'hint: expected a map with operator, command and types',
    ],
  },
  {
    what: 'a spec that is a word',
    lines: [...header, 'spec: tf'],
    says: [
      'manifest.yaml, line 3, column 7: spec is "tf"',
      'hint: expected a map with operator, command and types',
    ],
  },
  {
    what: 'a spec with nothing in it',
    lines: [...header, 'spec: {}'],
    says: [
      'manifest.yaml has 3 problems:',
      '  line 3, column 1: "operator" is missing in spec (expected one of tf, jobset)',
      '  line 3, column 1: "command" is missing in spec (expected a command line, or a list of words)',
      '  line 3, column 1: "types" is missing in spec (expected a map with at least one type, such as Worker)',
    ],
  },
  {
    what: 'a spec without a value',
    lines: [...header, 'spec:'],
    says: [
      'manifest.yaml, line 3, column 1: spec is empty',
      'hint: expected a map with operator, command and types',
    ],
  },
  {
    what: 'an unknown key',
    lines: [...tf, ...workers, 'sepc: {}'],
    says: [
      'manifest.yaml, line 10, column 1: unknown key "sepc"',
      'hint: known are kind, apiVersion, builder, spec',
    ],
  },
  {
    what: 'an unknown key that is like none',
    lines: [...tf, ...workers, 'metadata: { name: x }'],
    says: [
      'manifest.yaml, line 10, column 1: unknown key "metadata"',
      'hint: known are kind, apiVersion, builder, spec',
    ],
  },
  {
    what: 'a key of fjr.yaml',
    lines: [...tf, ...workers, 'input: [1]'],
    says: [
      'manifest.yaml, line 10, column 1: unknown key "input"',
      'hint: known are kind, apiVersion, builder, spec',
    ],
  },
  {
    what: 'an unknown key in spec',
    lines: [...tf, '  comand: b', ...workers],
    says: ['manifest.yaml, line 6, column 3: unknown key "comand" in spec', 'hint: did you mean "command"?'],
  },
  {
    what: 'a key of spec that fjr.yaml spells otherwise',
    lines: [...tf, '  failure: retry-rank', '  retry_delay: 1s', ...workers],
    says: [
      'manifest.yaml, line 7, column 3: unknown key "retry_delay" in spec',
      'hint: did you mean "retryDelay"?',
    ],
  },
  {
    what: 'a key of spec that is of no use here',
    lines: [...tf, '  storage: { sharedVolume: { sizeGB: 16 } }', ...workers],
    says: [
      'manifest.yaml, line 6, column 3: unknown key "storage" in spec',
      'hint: known are operator, image, command, types, failure, retries, retryDelay, timeout, priority, nice, labels, env, portable, engine, volumes, network, tensorboard, debug',
    ],
  },
  {
    what: 'a spec that stands twice',
    lines: [...tf, ...workers, 'spec: {}'],
    says: ['manifest.yaml, line 10, column 1: not YAML: Map keys must be unique'],
  },
  {
    what: 'no operator',
    lines: [...header, 'spec:', '  command: a', ...workers],
    says: [
      'manifest.yaml, line 3, column 1: "operator" is missing in spec',
      'hint: expected one of tf, jobset',
    ],
  },
  {
    what: 'an operator that is not known',
    lines: [...header, 'spec:', '  operator: pytorch', '  command: a', ...workers],
    says: [
      'manifest.yaml, line 4, column 13: spec.operator is "pytorch"',
      'hint: expected one of tf, jobset',
    ],
  },
  {
    what: 'an operator that is misspelt',
    lines: [...header, 'spec:', '  operator: jobsets', '  command: a', ...workers],
    says: ['manifest.yaml, line 4, column 13: spec.operator is "jobsets"', 'hint: did you mean "jobset"?'],
  },
  {
    what: 'an operator that is a list',
    lines: [...header, 'spec:', '  operator: [tf]', '  command: a', ...workers],
    says: ['manifest.yaml, line 4, column 13: spec.operator is a list', 'hint: expected one of tf, jobset'],
  },
  {
    what: 'no command',
    lines: [...header, 'spec:', '  operator: tf', ...workers],
    says: [
      'manifest.yaml, line 3, column 1: "command" is missing in spec',
      'hint: expected a command line, or a list of words',
    ],
  },
  {
    what: 'an empty command',
    lines: [...header, 'spec:', '  operator: tf', "  command: ' '", ...workers],
    says: ['manifest.yaml, line 5, column 12: spec.command is " "', 'hint: expected a command line'],
    fitsSchema: true,
  },
  {
    what: 'a command that is an empty list',
    lines: [...header, 'spec:', '  operator: tf', '  command: []', ...workers],
    says: [
      'manifest.yaml, line 5, column 12: spec.command is an empty list',
      'hint: expected a list of words',
    ],
  },
  {
    what: 'a command with a map in it',
    lines: [...header, 'spec:', '  operator: tf', '  command: [echo, { a: 1 }]', ...workers],
    says: ['manifest.yaml, line 5, column 19: spec.command[1] is a map', 'hint: expected text'],
  },
  {
    what: 'a command that is a map',
    lines: [...header, 'spec:', '  operator: tf', '  command: { run: a }', ...workers],
    says: [
      'manifest.yaml, line 5, column 12: spec.command is a map',
      'hint: expected a command line, or a list of words',
    ],
  },
  {
    what: 'no types',
    lines: tf,
    says: [
      'manifest.yaml, line 3, column 1: "types" is missing in spec',
      'hint: expected a map with at least one type, such as Worker',
    ],
  },
  {
    what: 'types that are empty',
    lines: [...tf, '  types: {}'],
    says: [
      'manifest.yaml, line 6, column 10: spec.types is an empty map',
      'hint: expected a map with at least one type, such as Worker',
    ],
  },
  {
    what: 'types that are a list',
    lines: [...tf, '  types: [Worker]'],
    says: [
      'manifest.yaml, line 6, column 10: spec.types is a list',
      'hint: expected a map with at least one type, such as Worker',
    ],
  },
  {
    what: 'a type without a value',
    lines: [...tf, '  types:', '    Worker:'],
    says: [
      'manifest.yaml, line 7, column 5: spec.types.Worker is empty',
      'hint: expected a map with count, completions, parallelisms, resources',
    ],
  },
  {
    what: 'a type that is a number',
    lines: [...tf, '  types:', '    Worker: 5'],
    says: [
      'manifest.yaml, line 7, column 13: spec.types.Worker is 5',
      'hint: expected a map with count, completions, parallelisms, resources',
    ],
  },
  {
    what: 'a type with a name that is none',
    lines: [...tf, '  types:', '    "my worker": { count: 1, resources: { cpus: 1, ramRatio: 1 } }'],
    says: [
      'manifest.yaml, line 7, column 5: "my worker" cannot be a key in spec.types',
      'hint: expected a name of letters, digits, "-" and "_"',
    ],
  },
  {
    what: 'types whose names differ in case alone',
    lines: [
      ...tf,
      '  types:',
      '    worker: { count: 1, resources: { cpus: 1, ramRatio: 1 } }',
      '    Worker: { count: 1, resources: { cpus: 1, ramRatio: 1 } }',
    ],
    says: [
      'manifest.yaml, line 8, column 5: spec.types.Worker: the name differs from worker in case alone',
      'hint: give each type a name of its own',
    ],
    fitsSchema: true,
  },
  {
    what: 'no count',
    lines: [...tf, '  types:', '    Worker:', '      resources: { cpus: 1, ramRatio: 1 }'],
    says: [
      'manifest.yaml, line 7, column 5: "count" is missing in spec.types.Worker',
      'hint: expected a whole number from 1 to 10000',
    ],
  },
  {
    what: 'a count of nothing',
    lines: [...tf, '  types:', '    Worker:', '      count: 0', '      resources: { cpus: 1, ramRatio: 1 }'],
    says: [
      'manifest.yaml, line 8, column 14: spec.types.Worker.count is 0',
      'hint: expected a whole number from 1 to 10000',
    ],
  },
  {
    what: 'a count that is a word',
    lines: [
      ...tf,
      '  types:',
      '    Worker:',
      '      count: many',
      '      resources: { cpus: 1, ramRatio: 1 }',
    ],
    says: [
      'manifest.yaml, line 8, column 14: spec.types.Worker.count is "many"',
      'hint: expected a whole number from 1 to 10000',
    ],
  },
  {
    what: 'a count with a fraction',
    lines: [
      ...tf,
      '  types:',
      '    Worker:',
      '      count: 2.5',
      '      resources: { cpus: 1, ramRatio: 1 }',
    ],
    says: [
      'manifest.yaml, line 8, column 14: spec.types.Worker.count is 2.5',
      'hint: expected a whole number from 1 to 10000',
    ],
  },
  {
    what: 'a count that is a list',
    lines: [
      ...tf,
      '  types:',
      '    Worker:',
      '      count: [1, 2]',
      '      resources: { cpus: 1, ramRatio: 1 }',
    ],
    says: [
      'manifest.yaml, line 8, column 14: spec.types.Worker.count is a list',
      'hint: expected a whole number from 1 to 10000',
    ],
  },
  {
    what: 'a key of a type that is misspelt',
    lines: [...jobset, ...types, '      completion: 2', '      resources: { cpus: 1, ramRatio: 1 }'],
    says: [
      'manifest.yaml, line 9, column 7: unknown key "completion" in spec.types.Worker',
      'hint: did you mean "completions"?',
    ],
  },
  {
    what: 'parallelism as Kubernetes spells it',
    lines: [...jobset, ...types, '      parallelism: 2', '      resources: { cpus: 1, ramRatio: 1 }'],
    says: [
      'manifest.yaml, line 9, column 7: unknown key "parallelism" in spec.types.Worker',
      'hint: did you mean "parallelisms"?',
    ],
  },
  {
    what: 'completions with tf',
    lines: [
      ...tf,
      ...types,
      '      completions: 2',
      '      parallelisms: 2',
      '      resources: { cpus: 1, ramRatio: 1 }',
    ],
    says: [
      'manifest.yaml has 2 problems:',
      '  line 9, column 7: spec.types.Worker.completions: operator tf has none (say operator: jobset, or leave it out)',
      '  line 10, column 7: spec.types.Worker.parallelisms: operator tf has none (say operator: jobset, or leave it out)',
    ],
    fitsSchema: true,
  },
  {
    what: 'completions of nothing',
    lines: [...jobset, ...types, '      completions: 0', '      resources: { cpus: 1, ramRatio: 1 }'],
    says: [
      'manifest.yaml, line 9, column 20: spec.types.Worker.completions is 0',
      'hint: expected a whole number from 1 to 10000',
    ],
  },
  {
    what: 'more ranks than can run together',
    lines: [
      ...jobset,
      '  types:',
      '    Worker:',
      '      count: 200',
      '      completions: 51',
      '      resources: { cpus: 1, ramRatio: 1 }',
    ],
    says: [
      'manifest.yaml, line 6, column 3: spec.types: these are 10200 ranks',
      'hint: at most 10000 run together; an fjr.yaml takes as many tasks as you like',
    ],
    fitsSchema: true,
  },
  {
    what: 'no resources',
    lines: [...tf, '  types:', '    Worker: { count: 1 }'],
    says: [
      'manifest.yaml, line 7, column 5: "resources" is missing in spec.types.Worker',
      'hint: expected a map with cpus, ramRatio, shmSizeGB, accelerators',
    ],
  },
  {
    what: 'resources without a value',
    lines: [...tf, ...types, '      resources: '],
    says: [
      'manifest.yaml, line 9, column 7: spec.types.Worker.resources is empty',
      'hint: expected a map with cpus, ramRatio, shmSizeGB, accelerators',
    ],
  },
  {
    what: 'resources without CPUs and memory',
    lines: [...tf, ...types, '      resources: { shmSizeGB: 1 }'],
    says: [
      'manifest.yaml has 2 problems:',
      '  line 9, column 7: "cpus" is missing in spec.types.Worker.resources (expected a whole number from 1)',
      '  line 9, column 7: "ramRatio" is missing in spec.types.Worker.resources (expected a number above 0: GB for each CPU)',
    ],
  },
  {
    what: 'no CPU',
    lines: [...tf, ...types, '      resources: { cpus: 0, ramRatio: 1 }'],
    says: [
      'manifest.yaml, line 9, column 26: spec.types.Worker.resources.cpus is 0',
      'hint: expected a whole number from 1',
    ],
  },
  {
    what: 'half a CPU',
    lines: [...tf, ...types, '      resources: { cpus: 0.5, ramRatio: 1 }'],
    says: [
      'manifest.yaml, line 9, column 26: spec.types.Worker.resources.cpus is 0.5',
      'hint: expected a whole number from 1',
    ],
  },
  {
    what: 'no memory',
    lines: [...tf, ...types, '      resources: { cpus: 1, ramRatio: 0 }'],
    says: [
      'manifest.yaml, line 9, column 39: spec.types.Worker.resources.ramRatio is 0',
      'hint: expected a number above 0: GB for each CPU',
    ],
    fitsSchema: true,
  },
  {
    what: 'memory in words',
    lines: [...tf, ...types, '      resources: { cpus: 1, ramRatio: 2G }'],
    says: [
      'manifest.yaml, line 9, column 39: spec.types.Worker.resources.ramRatio is "2G"',
      'hint: expected a number above 0: GB for each CPU',
    ],
    fitsSchema: true,
  },
  {
    what: 'shared memory in words',
    lines: [...tf, ...types, '      resources: { cpus: 1, ramRatio: 1, shmSizeGB: 512M }'],
    says: [
      'manifest.yaml, line 9, column 53: spec.types.Worker.resources.shmSizeGB is "512M"',
      'hint: expected a number from 0: GB',
    ],
    fitsSchema: true,
  },
  {
    what: 'less than no shared memory',
    lines: [...tf, ...types, '      resources: { cpus: 1, ramRatio: 1, shmSizeGB: -1 }'],
    says: [
      'manifest.yaml, line 9, column 53: spec.types.Worker.resources.shmSizeGB is -1',
      'hint: expected a number from 0: GB',
    ],
    fitsSchema: true,
  },
  {
    what: 'a key of resources that is misspelt',
    lines: [...tf, ...types, '      resources: { cpu: 1, ramRatio: 1 }'],
    says: [
      'manifest.yaml has 2 problems:',
      '  line 9, column 7: "cpus" is missing in spec.types.Worker.resources (expected a whole number from 1)',
      '  line 9, column 20: unknown key "cpu" in spec.types.Worker.resources (did you mean "cpus"?)',
    ],
  },
  {
    what: 'memory as fjr.yaml has it',
    lines: [...tf, ...types, '      resources: { cpus: 1, ramRatio: 1, memory: 4G }'],
    says: [
      'manifest.yaml, line 9, column 42: unknown key "memory" in spec.types.Worker.resources',
      'hint: known are cpus, ramRatio, shmSizeGB, accelerators',
    ],
  },
  {
    what: 'selectors',
    lines: [...tf, ...types, '      resources: { cpus: 1, ramRatio: 1, extraSelectors: [] }'],
    says: [
      'manifest.yaml, line 9, column 42: unknown key "extraSelectors" in spec.types.Worker.resources',
      'hint: known are cpus, ramRatio, shmSizeGB, accelerators',
    ],
  },
  {
    what: 'GPUs as fjr.yaml has them',
    lines: [...tf, ...types, '      resources: { cpus: 1, ramRatio: 1, gpus: 1 }'],
    says: [
      'manifest.yaml, line 9, column 42: unknown key "gpus" in spec.types.Worker.resources',
      'hint: did you mean "cpus"?',
    ],
  },
  {
    what: 'GPUs without a count',
    lines: [
      ...tf,
      ...types,
      '      resources: { cpus: 1, ramRatio: 1, accelerators: { gpu: { type: gpu } } }',
    ],
    says: [
      'manifest.yaml, line 9, column 58: "count" is missing in spec.types.Worker.resources.accelerators.gpu',
      'hint: expected a whole number from 0',
    ],
  },
  {
    what: 'GPUs that are a number',
    lines: [...tf, ...types, '      resources: { cpus: 1, ramRatio: 1, accelerators: { gpu: 1 } }'],
    says: [
      'manifest.yaml, line 9, column 63: spec.types.Worker.resources.accelerators.gpu is 1',
      'hint: expected a map with count, type, product',
    ],
  },
  {
    what: 'GPUs of another type',
    lines: [
      ...tf,
      ...types,
      '      resources: { cpus: 1, ramRatio: 1, accelerators: { gpu: { count: 1, type: fpga } } }',
    ],
    says: [
      'manifest.yaml, line 9, column 81: spec.types.Worker.resources.accelerators.gpu.type is "fpga"',
      'hint: expected gpu',
    ],
  },
  {
    what: 'GPUs of a product that no label can be',
    lines: [
      ...tf,
      ...types,
      '      resources: { cpus: 1, ramRatio: 1, accelerators: { gpu: { count: 1, product: Tesla T4 } } }',
    ],
    says: [
      'manifest.yaml, line 9, column 84: spec.types.Worker.resources.accelerators.gpu.product is "Tesla T4"',
      'hint: expected one word of letters, digits, "-", "_" and ".", such as nvidia-tesla-t4',
    ],
    fitsSchema: true,
  },
  {
    what: 'TPUs',
    lines: [
      ...tf,
      ...types,
      '      resources: { cpus: 1, ramRatio: 1, accelerators: { tpu: { count: 1 } } }',
    ],
    says: [
      'manifest.yaml, line 9, column 58: unknown key "tpu" in spec.types.Worker.resources.accelerators',
      'hint: did you mean "gpu"?',
    ],
  },
  {
    what: 'a builder that is a word',
    lines: [...header, 'builder: x', ...tfSpec, ...workers],
    says: [
      'manifest.yaml, line 3, column 10: builder is "x"',
      'hint: expected a map with image, dockerfile, context',
    ],
  },
  {
    what: 'a builder without an image',
    lines: [...header, 'builder: { context: . }', ...tfSpec, ...workers],
    says: [
      'manifest.yaml, line 3, column 1: "image" is missing in builder',
      'hint: expected the name of an image',
    ],
  },
  {
    what: 'a key of the builder that is misspelt',
    lines: [...header, 'builder: { image: x, dockerFile: ./Dockerfile }', ...tfSpec, ...workers],
    says: [
      'manifest.yaml, line 3, column 22: unknown key "dockerFile" in builder',
      'hint: did you mean "dockerfile"?',
    ],
  },
  {
    what: 'another image than the one that is built',
    lines: [...header, 'builder: { image: x }', ...tfSpec, '  image: y', ...workers],
    says: [
      'manifest.yaml, line 7, column 3: spec.image: it is not the image that is built, x',
      'hint: name that one, or leave out builder',
    ],
    fitsSchema: true,
  },
  {
    what: 'no directory to build from',
    lines: [...header, 'builder: { image: x, context: nowhere }', ...tfSpec, ...workers],
    says: [
      'manifest.yaml, line 3, column 31: builder.context: nowhere is no directory',
      'hint: it was looked for as /here/nowhere',
    ],
    fitsSchema: true,
  },
  {
    what: 'no Dockerfile',
    lines: [...header, 'builder: { image: x, context: empty }', ...tfSpec, ...workers],
    says: [
      'manifest.yaml, line 3, column 10: builder.dockerfile: cannot read /here/empty/Dockerfile: ENOENT',
    ],
    fitsSchema: true,
  },
  {
    what: 'no Dockerfile of that name',
    lines: [...header, 'builder: { image: x, dockerfile: build/Dockerfile }', ...tfSpec, ...workers],
    says: [
      'manifest.yaml, line 3, column 34: builder.dockerfile: cannot read /here/build/Dockerfile: ENOENT',
    ],
    fitsSchema: true,
  },
  {
    what: 'a failure policy that is misspelt',
    lines: [...tf, '  failure: fail_all', ...workers],
    says: ['manifest.yaml, line 6, column 12: spec.failure is "fail_all"', 'hint: did you mean "fail-all"?'],
  },
  {
    what: 'a failure policy that is not known',
    lines: [...tf, '  failure: restart', ...workers],
    says: [
      'manifest.yaml, line 6, column 12: spec.failure is "restart"',
      'hint: expected one of fail-all, ignore, retry-rank',
    ],
  },
  {
    what: 'retries where nothing is tried again',
    lines: [...tf, '  retries: 3', ...workers],
    says: [
      'manifest.yaml, line 6, column 3: spec.retries: no rank is tried again',
      'hint: say failure: retry-rank, or leave it out',
    ],
    fitsSchema: true,
  },
  {
    what: 'retries of ranks that are ignored',
    lines: [...tf, '  failure: ignore', '  retries: 3', '  retryDelay: 5s', ...workers],
    says: [
      'manifest.yaml has 2 problems:',
      '  line 7, column 3: spec.retries: no rank is tried again (say failure: retry-rank, or leave it out)',
      '  line 8, column 3: spec.retryDelay: no rank is tried again (say failure: retry-rank, or leave it out)',
    ],
    fitsSchema: true,
  },
  {
    what: 'retries that are a word',
    lines: [...tf, '  failure: retry-rank', '  retries: often', ...workers],
    says: [
      'manifest.yaml, line 7, column 12: spec.retries is "often"',
      'hint: expected a whole number from 0 to 1000',
    ],
  },
  {
    what: 'a time limit of nothing',
    lines: [...tf, '  timeout: 0', ...workers],
    says: [
      'manifest.yaml, line 6, column 12: spec.timeout is 0',
      'hint: expected a duration such as 90, 90s, 5m or 1h30m',
    ],
    fitsSchema: true,
  },
  {
    what: 'a priority that is a word',
    lines: [...tf, '  priority: high', ...workers],
    says: [
      'manifest.yaml, line 6, column 13: spec.priority is "high"',
      'hint: expected a whole number, higher goes first',
    ],
  },
  {
    what: 'niceness beyond 19',
    lines: [...tf, '  nice: 20', ...workers],
    says: [
      'manifest.yaml, line 6, column 9: spec.nice is 20',
      'hint: expected a whole number from -20 to 19',
    ],
  },
  {
    what: 'labels that are none',
    lines: [...tf, '  labels: [big mem]', ...workers],
    says: [
      'manifest.yaml, line 6, column 11: spec.labels is a list',
      'hint: expected a list of words, or words separated by commas',
    ],
    fitsSchema: true,
  },
  {
    what: 'a variable that is none',
    lines: [...tf, '  env: { MY-VAR: 1 }', ...workers],
    says: [
      'manifest.yaml, line 6, column 10: "MY-VAR" cannot be a key in spec.env',
      'hint: expected a variable name: letters, digits and "_"',
    ],
  },
  {
    what: 'a variable that is a list',
    lines: [...tf, '  env: { A: [1] }', ...workers],
    says: ['manifest.yaml, line 6, column 13: spec.env.A is a list', 'hint: expected text'],
  },
  {
    what: 'variables that fjr sets itself',
    lines: [...tf, '  env: { RANK: 0, TF_CONFIG: x, FJR_TASK_INDEX: 1, JOB_INDEX: 1, A: 1 }', ...workers],
    says: [
      'manifest.yaml has 4 problems:',
      '  line 6, column 10: spec.env.RANK: fjr sets this variable itself (choose another name)',
      '  line 6, column 19: spec.env.TF_CONFIG: fjr sets this variable itself (choose another name)',
      '  line 6, column 33: spec.env.FJR_TASK_INDEX: fjr sets this variable itself (choose another name)',
      '  line 6, column 52: spec.env.JOB_INDEX: fjr sets this variable itself (choose another name)',
    ],
    fitsSchema: true,
  },
  {
    what: 'volumes that are a word',
    lines: [...tf, '  volumes: /data:/data', ...workers],
    says: [
      'manifest.yaml, line 6, column 12: spec.volumes is "/data:/data"',
      'hint: expected a list of HOST:CONTAINER[:ro]',
    ],
  },
  {
    what: 'a TensorBoard',
    lines: [...tf, '  tensorboard: { enabled: true }', ...workers],
    says: [
      'manifest.yaml, line 6, column 18: spec.tensorboard.enabled: fjr starts no TensorBoard',
      'hint: say false, or leave it out',
    ],
    fitsSchema: true,
  },
  {
    what: 'a TensorBoard that is a word',
    lines: [...tf, '  tensorboard: yes please', ...workers],
    says: [
      'manifest.yaml, line 6, column 16: spec.tensorboard is "yes please"',
      'hint: expected a map with enabled',
    ],
  },
  {
    what: 'Jupyter',
    lines: [...tf, '  debug: { jupyter: true }', ...workers],
    says: [
      'manifest.yaml, line 6, column 12: spec.debug.jupyter: fjr starts no Jupyter',
      'hint: say false, or leave it out',
    ],
    fitsSchema: true,
  },
  {
    what: 'a template that fails',
    lines: [...tf, '  env: { A: {{ Exec "exit 3" }} }', ...workers],
    says: [
      'manifest.yaml, line 6, column 13: Exec "exit 3" failed with exit code 3',
      'hint: it said nothing on stderr',
    ],
    fitsSchema: true,
  },
  {
    what: 'a value that is required and not there',
    lines: [...tf, '  env: { A: {{ Env "NONE" | Required }} }', ...workers],
    says: [
      'manifest.yaml, line 6, column 13: Env "NONE" is empty',
      'hint: a value is required here: set it, or leave out "| Required"',
    ],
    fitsSchema: true,
  },
  {
    what: 'several mistakes at once',
    lines: [
      'kind: AIchorManifest',
      'apiVersion: 1',
      'spec:',
      '  operator: tf',
      '  comand: a',
      '  types:',
      '    Worker:',
      '      count: none',
      '      resources: { cpus: 1 }',
    ],
    says: [
      'manifest.yaml has 5 problems:',
      '  line 2, column 13: apiVersion is 1 (expected one of 0.2.1, 0.2.2)',
      '  line 3, column 1: "command" is missing in spec (expected a command line, or a list of words)',
      '  line 5, column 3: unknown key "comand" in spec (did you mean "command"?)',
      '  line 8, column 14: spec.types.Worker.count is "none" (expected a whole number from 1 to 10000)',
      '  line 9, column 7: "ramRatio" is missing in spec.types.Worker.resources (expected a number above 0: GB for each CPU)',
    ],
  },
  {
    what: 'a tab that indents',
    lines: [...header, 'spec:', '	operator: tf'],
    says: ['manifest.yaml, line 4, column 1: not YAML: Tabs are not allowed as indentation'],
  },
];
