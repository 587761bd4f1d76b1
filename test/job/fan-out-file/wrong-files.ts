/** A fan-out file that is refused, and all that is said about it. */
export interface WrongFile {
  readonly what: string;
  readonly lines: readonly string[];
  /** Message, and after it the hint if there is one. */
  readonly says: readonly string[];
  /** The published schema finds nothing wrong with it: it knows neither what texts mean nor other files. */
  readonly fitsSchema?: true;
}

/** Files that wrong files name. */
export const files = {
  'hosts.txt': 'me@10.0.0.1\n\n-oProxyCommand=id\n',
  'empty.txt': '\n',
  'empty.csv': '',
  'twins.csv': 'a b,c,A-B\n',
};

export const wrongFiles: readonly WrongFile[] = [
  {
    what: 'nothing',
    lines: [],
    says: [
      'fjr.yaml, line 1, column 1: the file is empty',
      'hint: expected a map with docker or command, and input',
    ],
  },
  {
    what: 'nothing but a comment',
    lines: ['# to do'],
    says: [
      'fjr.yaml, line 1, column 1: the file is empty',
      'hint: expected a map with docker or command, and input',
    ],
  },
  {
    what: 'a list',
    lines: ['- a', '- b'],
    says: [
      'fjr.yaml, line 1, column 1: the file is a list',
      'hint: expected a map with docker or command, and input',
    ],
  },
  {
    what: 'a word',
    lines: ['hello'],
    says: [
      'fjr.yaml, line 1, column 1: the file is "hello"',
      'hint: expected a map with docker or command, and input',
    ],
  },
  {
    what: 'a map in a line that has one already',
    lines: ['command: a', 'input: b: c'],
    says: ['fjr.yaml, line 2, column 8: not YAML: Nested mappings are not allowed in compact mappings'],
  },
  {
    what: 'a tab that indents',
    lines: ['command: a', 'input:', '\tfile: x'],
    says: ['fjr.yaml, line 3, column 1: not YAML: Tabs are not allowed as indentation'],
  },
  {
    what: 'a quote that is not closed',
    lines: ['command: "a', 'input: [1]'],
    says: ['fjr.yaml, line 3, column 1: not YAML: Missing closing "quote'],
  },
  {
    what: 'a key that stands twice',
    lines: ['command: a', 'command: b', 'input: [1]'],
    says: ['fjr.yaml, line 2, column 1: not YAML: Map keys must be unique'],
  },
  {
    what: 'two documents',
    lines: ['command: a', 'input: [1]', '---', 'command: b'],
    says: ['fjr.yaml, line 3, column 1: not YAML: a second document begins'],
  },
  {
    what: 'an unknown tag',
    lines: ['command: !shell a', 'input: [1]'],
    says: ['fjr.yaml, line 1, column 10: not YAML: Unresolved tag: !shell'],
  },
  {
    what: 'an alias to nothing',
    lines: ['command: *line', 'input: [1]'],
    says: [
      'fjr.yaml, line 1, column 10: *line refers to nothing',
      'hint: a text that begins with * stands in quotes',
    ],
  },
  {
    what: 'a pattern without quotes',
    lines: ['command: a', 'input: { glob: *.png }'],
    says: [
      'fjr.yaml, line 2, column 16: *.png refers to nothing',
      'hint: a text that begins with * stands in quotes',
    ],
  },
  {
    what: 'an alias that contains itself',
    lines: ['command: a', 'input: &all [*all]'],
    says: ['fjr.yaml, line 2, column 14: *all contains itself'],
  },
  {
    what: 'aliases that repeat too much',
    lines: [
      'command: a',
      'input: [1]',
      'name: x',
      'docker:',
      '  image: x',
      '  options:',
      '    - &a0 [x, x, x, x, x, x, x, x, x, x]',
      '    - &a1 [*a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0]',
      '    - &a2 [*a1, *a1, *a1, *a1, *a1, *a1, *a1, *a1, *a1, *a1]',
      '    - &a3 [*a2, *a2, *a2, *a2, *a2, *a2, *a2, *a2, *a2, *a2]',
      '    - &a4 [*a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3]',
      '    - &a5 [*a4, *a4, *a4, *a4, *a4, *a4, *a4, *a4, *a4, *a4]',
    ],
    says: [
      'fjr.yaml has 7 problems:',
      '  line 7, column 11: docker.options[0] is a list (expected text)',
      '  line 7, column 30: aliases repeat too much',
      '  line 8, column 11: docker.options[1] is a list (expected text)',
      '  line 9, column 11: docker.options[2] is a list (expected text)',
      '  line 10, column 11: docker.options[3] is a list (expected text)',
      '  line 11, column 11: docker.options[4] is a list (expected text)',
      '  line 12, column 11: docker.options[5] is a list (expected text)',
    ],
  },
  {
    what: 'a well of lists',
    lines: [
      'command: a',
      'input: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]',
    ],
    says: [
      'fjr.yaml has 2 problems:',
      '  line 2, column 9: input[0] is a list (expected text)',
      '  line 2, column 107: more than 100 levels deep',
    ],
  },
  {
    what: 'a list as a key',
    lines: ['command: a', 'input: [1]', '? [b]', ': c'],
    says: ['fjr.yaml, line 3, column 3: a key is a list, a map or an alias', 'hint: write the key out'],
    fitsSchema: true,
  },
  {
    what: '__proto__',
    lines: ['command: a', 'input: [1]', 'env:', '  __proto__: x'],
    says: ['fjr.yaml, line 4, column 3: "__proto__" cannot be a key', 'hint: write the key out'],
    fitsSchema: true,
  },
  {
    what: 'a misspelt key',
    lines: ['comand: a', 'input: [1]'],
    says: [
      'fjr.yaml has 2 problems:',
      '  line 1, column 1: unknown key "comand" (did you mean "command"?)',
      '  line 1, column 1: neither docker nor command is there (say what each task runs)',
    ],
  },
  {
    what: 'a misspelt key in a map',
    lines: ['docker:', '  image: x', '  enviroment: {}', 'input: [1]'],
    says: [
      'fjr.yaml, line 3, column 3: unknown key "enviroment" in docker',
      'hint: did you mean "environment"?',
    ],
  },
  {
    what: 'the snake for the camel',
    lines: ['command: a', 'input: [1]', 'workers:', '  file: { path: w.txt }', '  ssh: { private_key: id }'],
    says: [
      'fjr.yaml, line 5, column 10: unknown key "private_key" in workers.ssh',
      'hint: did you mean "privateKey"?',
    ],
  },
  {
    what: 'a key that is like none',
    lines: ['command: a', 'input: [1]', 'workers: { colour: red }'],
    says: [
      'fjr.yaml, line 3, column 12: unknown key "colour" in workers',
      'hint: known are local, file, ssh, logs',
    ],
  },
  {
    what: 'nothing to run',
    lines: ['input: [1]'],
    says: [
      'fjr.yaml, line 1, column 1: neither docker nor command is there',
      'hint: say what each task runs',
    ],
  },
  {
    what: 'no input',
    lines: ['command: a'],
    says: [
      'fjr.yaml, line 1, column 1: "input" is missing',
      'hint: expected a list of words, or a map with file, glob, items, range, command, product',
    ],
  },
  {
    what: 'an empty input',
    lines: ['command: a', 'input:'],
    says: [
      'fjr.yaml, line 2, column 1: input is empty',
      'hint: expected a list of words, or a map with file, glob, items, range, command, product',
    ],
  },
  {
    what: 'an input of no items',
    lines: ['command: a', 'input: []'],
    says: ['fjr.yaml, line 2, column 8: input is an empty list', 'hint: expected a list of words'],
  },
  {
    what: 'an input that is a word',
    lines: ['command: a', 'input: input.txt'],
    says: [
      'fjr.yaml, line 2, column 8: input is "input.txt"',
      'hint: expected a list of words, or a map with file, glob, items, range, command, product',
    ],
  },
  {
    what: 'an input of maps',
    lines: ['command: a', 'input: [{ a: 1 }, 2, [3]]'],
    says: [
      'fjr.yaml has 2 problems:',
      '  line 2, column 9: input[0] is a map (expected text)',
      '  line 2, column 22: input[2] is a list (expected text)',
    ],
  },
  {
    what: 'an input from nowhere',
    lines: ['command: a', 'input: {}'],
    says: [
      'fjr.yaml, line 2, column 1: input: none of file, glob, items, range, command, product is there',
      'hint: it takes one of them',
    ],
  },
  {
    what: 'an input from two places',
    lines: ['command: a', 'input: { items: [1], range: 1..3 }'],
    says: [
      'fjr.yaml, line 2, column 1: input: items and range exclude each other',
      'hint: leave one of them',
    ],
  },
  {
    what: 'a file without a path',
    lines: ['command: a', 'input: { file: { format: csv } }'],
    says: ['fjr.yaml, line 2, column 10: "path" is missing in input.file', 'hint: expected a path'],
  },
  {
    what: 'a format in other letters',
    lines: ['command: a', 'input: { file: { path: a, format: eachline } }'],
    says: ['fjr.yaml, line 2, column 35: input.file.format is "eachline"', 'hint: did you mean "eachLine"?'],
  },
  {
    what: 'a format that is none',
    lines: ['command: a', 'input: { file: { path: a, format: parquet } }'],
    says: [
      'fjr.yaml, line 2, column 35: input.file.format is "parquet"',
      'hint: expected one of eachLine, csv, tsv, jsonLines',
    ],
  },
  {
    what: 'a range of words',
    lines: ['command: a', 'input: { range: a..z }'],
    says: [
      'fjr.yaml, line 2, column 17: input.range is "a..z"',
      'hint: expected a range such as 1..1000, 0..100..5 or 0.1..0.5..0.1',
    ],
  },
  {
    what: 'a range that goes nowhere',
    lines: ['command: a', 'input: { range: 1..9..0 }'],
    says: [
      'fjr.yaml, line 2, column 17: input.range is "1..9..0"',
      'hint: expected a range such as 1..1000, 0..100..5 or 0.1..0.5..0.1',
    ],
    fitsSchema: true,
  },
  {
    what: 'a product of nothing',
    lines: ['command: a', 'input: { product: {} }'],
    says: [
      'fjr.yaml, line 2, column 19: input.product is an empty map',
      'hint: expected a map of names and lists',
    ],
  },
  {
    what: 'a product with a name that is none',
    lines: ['command: a', 'input: { product: { 1st: [a] } }'],
    says: [
      'fjr.yaml, line 2, column 21: "1st" cannot be a key in input.product',
      'hint: expected a name of letters, digits and "_"',
    ],
  },
  {
    what: 'a product whose columns collide',
    lines: ['command: a', 'input: { product: { a-b: [1], A_B: [2] } }'],
    says: [
      'fjr.yaml, line 2, column 8: input: columns "a-b" and "A_B" would both be INPUT_A_B',
      'hint: give each list a name of its own',
    ],
    fitsSchema: true,
  },
  {
    what: 'a product of a table',
    lines: ['command: a', 'input: { product: { a: { file: { path: t.csv, format: csv } } } }'],
    says: ['fjr.yaml, line 2, column 55: input.product.a.file.format is "csv"', 'hint: expected eachLine'],
  },
  {
    what: 'a command that is a map',
    lines: ['command: { run: a }', 'input: [1]'],
    says: [
      'fjr.yaml, line 1, column 10: command is a map',
      'hint: expected a command line, or a list of words',
    ],
  },
  {
    what: 'a command of no words',
    lines: ['command: []', 'input: [1]'],
    says: ['fjr.yaml, line 1, column 10: command is an empty list', 'hint: expected a list of words'],
  },
  {
    what: 'a command that is blank',
    lines: ["command: ' '", 'input: [1]'],
    says: ['fjr.yaml, line 1, column 10: command is " "', 'hint: expected a command line'],
    fitsSchema: true,
  },
  {
    what: 'settings that are not quantities',
    lines: [
      'command: a',
      'input: [1]',
      'timeout: soon',
      'retries: -1',
      'retry_delay: 5 parsecs',
      'priority: high',
      'nice: 20',
    ],
    says: [
      'fjr.yaml has 5 problems:',
      '  line 3, column 10: timeout is "soon" (expected a duration such as 90, 90s, 5m or 1h30m)',
      '  line 4, column 10: retries is -1 (expected a whole number from 0 to 1000)',
      '  line 5, column 14: retry_delay is "5 parsecs" (expected a duration such as 90, 90s, 5m or 1h30m)',
      '  line 6, column 11: priority is "high" (expected a whole number, higher goes first)',
      '  line 7, column 7: nice is 20 (expected a whole number from -20 to 19)',
    ],
  },
  {
    what: 'needs that are not quantities',
    lines: ['command: a', 'input: [1]', 'cpus: 1.5', 'memory: lots', 'gpus: [1]', 'labels: -x'],
    says: [
      'fjr.yaml has 4 problems:',
      '  line 3, column 7: cpus is 1.5 (expected a whole number from 1)',
      '  line 4, column 9: memory is "lots" (expected a size such as 512M or 4G)',
      '  line 5, column 7: gpus is a list (expected a whole number from 0)',
      '  line 6, column 9: labels is "-x" (expected a list of words, or words separated by commas)',
    ],
  },
  {
    what: 'a number that could be octal',
    lines: ['command: a', 'input: [1]', 'retries: 010'],
    says: ['fjr.yaml, line 3, column 10: retries is "010"', 'hint: expected a whole number from 0 to 1000'],
  },
  {
    what: 'a retry delay in both spellings',
    lines: ['command: a', 'input: [1]', 'retry_delay: 1', 'retry-delay: 1'],
    says: [
      'fjr.yaml, line 1, column 1: retry_delay is there twice, once as retry-delay',
      'hint: leave one of them',
    ],
    fitsSchema: true,
  },
  {
    what: 'limits that are none',
    lines: ['command: a', 'input: [1]', 'max_failures: 101%', 'fail_fast: yes', 'shards: 0'],
    says: [
      'fjr.yaml has 3 problems:',
      '  line 3, column 15: max_failures is "101%" (expected a whole number, or a share such as 5%)',
      '  line 4, column 12: fail_fast is "yes" (expected true or false)',
      '  line 5, column 9: shards is 0 (expected a whole number from 1)',
    ],
  },
  {
    what: 'a name that is a path',
    lines: ['command: a', 'input: [1]', 'name: runs/1'],
    says: [
      'fjr.yaml, line 3, column 7: name is "runs/1"',
      'hint: expected a file name of at most 200 bytes, without a slash',
    ],
    fitsSchema: true,
  },
  {
    what: 'a variable that is none',
    lines: ['command: a', 'input: [1]', 'env: { A B: 1, 2C: 2, D: [3] }'],
    says: [
      'fjr.yaml has 3 problems:',
      '  line 3, column 8: "A B" cannot be a key in env (expected a variable name: letters, digits and "_")',
      '  line 3, column 16: "2C" cannot be a key in env (expected a variable name: letters, digits and "_")',
      '  line 3, column 26: env.D is a list (expected text)',
    ],
  },
  {
    what: 'a variable that fjr sets',
    lines: [
      'command: a',
      'input: { product: { lr: [1] } }',
      'env:',
      '  FJR_TASK_INDEX: 1',
      '  INPUT_LR: 2',
      '  INPUT_MR: 3',
    ],
    says: [
      'fjr.yaml has 2 problems:',
      '  line 4, column 3: env.FJR_TASK_INDEX: fjr sets this variable itself (choose another name)',
      '  line 5, column 3: env.INPUT_LR: fjr sets this variable itself (choose another name)',
    ],
    fitsSchema: true,
  },
  {
    what: "a resource's variable inside the container",
    lines: [
      'docker:',
      '  image: a',
      '  environment:',
      '    TASK_RESOURCE_X: 1',
      'input: [1]',
      'task_resources:',
      '  - X: { items: [a] }',
    ],
    says: [
      'fjr.yaml, line 4, column 5: docker.environment.TASK_RESOURCE_X: fjr sets this variable itself',
      'hint: choose another name',
    ],
    fitsSchema: true,
  },
  {
    what: 'a docker section that is an image',
    lines: ['docker: ubuntu', 'input: [1]'],
    says: [
      'fjr.yaml, line 1, column 9: docker is "ubuntu"',
      'hint: expected a map with image, engine, registry, pull, environment, volumes, workdir, network, shm, options',
    ],
  },
  {
    what: 'a registry without a password',
    lines: ['docker:', '  image: a', '  registry:', '    server: ghcr.io', '    user: me', 'input: [1]'],
    says: [
      'fjr.yaml, line 3, column 3: "password" is missing in docker.registry',
      'hint: expected a password',
    ],
  },
  {
    what: 'a docker section full of mistakes',
    lines: [
      'docker:',
      "  image: ''",
      '  pull: sometimes',
      '  volumes: /data:/data',
      '  shm: big',
      '  environment: [A=1]',
      'input: [1]',
    ],
    says: [
      'fjr.yaml has 5 problems:',
      '  line 2, column 10: docker.image is empty (expected the name of an image)',
      '  line 3, column 9: docker.pull is "sometimes" (expected one of always, missing, never)',
      '  line 4, column 12: docker.volumes is "/data:/data" (expected a list of HOST:CONTAINER[:ro])',
      '  line 5, column 8: docker.shm is "big" (expected a size such as 512M or 4G)',
      '  line 6, column 16: docker.environment is a list (expected a map of names and values)',
    ],
  },
  {
    what: 'workers of two kinds',
    lines: ['command: a', 'input: [1]', 'workers: { local: 2, file: { path: w.txt } }'],
    says: [
      'fjr.yaml, line 3, column 1: workers: local and file exclude each other',
      'hint: leave one of them',
    ],
  },
  {
    what: 'no workers',
    lines: ['command: a', 'input: [1]', 'workers: { local: 0 }'],
    says: [
      'fjr.yaml, line 3, column 19: workers.local is 0',
      'hint: expected a whole number from 1 to 10000',
    ],
  },
  {
    what: 'a key for nobody',
    lines: ['command: a', 'input: [1]', 'workers: { ssh: { privateKey: id } }'],
    says: [
      'fjr.yaml, line 3, column 1: workers: ssh stands without file',
      'hint: name the hosts in a file, or leave out ssh',
    ],
    fitsSchema: true,
  },
  {
    what: "a host that is an option of ssh's",
    lines: ['command: a', 'input: [1]', 'workers: { file: { path: hosts.txt } }'],
    says: [
      'fjr.yaml, line 3, column 26: workers.file.path: hosts.txt, line 3: "-oProxyCommand=id" is no host',
      'hint: expected user@host or user@host:port',
    ],
    fitsSchema: true,
  },
  {
    what: 'a file of no hosts',
    lines: ['command: a', 'input: [1]', 'workers: { file: { path: empty.txt } }'],
    says: [
      'fjr.yaml, line 3, column 20: workers.file.path: empty.txt names no host',
      'hint: a line user@host is a worker',
    ],
    fitsSchema: true,
  },
  {
    what: 'logs without a directory',
    lines: ['command: a', 'input: [1]', 'workers: { logs: { file: { stdout: off } } }'],
    says: [
      'fjr.yaml has 2 problems:',
      '  line 3, column 20: "directory" is missing in workers.logs.file (expected a directory)',
      '  line 3, column 36: workers.logs.file.stdout is "off" (expected true or false)',
    ],
  },
  {
    what: 'resources as a map',
    lines: ['command: a', 'input: [1]', 'worker_resources: { PROXY: { items: [a] } }'],
    says: [
      'fjr.yaml, line 3, column 19: worker_resources is a map',
      'hint: expected a list of maps with one key each',
    ],
  },
  {
    what: 'two resources in one entry',
    lines: [
      'command: a',
      'input: [1]',
      'worker_resources:',
      '  - A: { items: [a] }',
      '    B: { items: [b] }',
    ],
    says: [
      'fjr.yaml, line 4, column 5: worker_resources[0] is a map',
      'hint: expected a map with one key, the name of the resource',
    ],
  },
  {
    what: 'a resource with a name that is none',
    lines: ['command: a', 'input: [1]', 'task_resources: [{ MY-POOL: { items: [a] } }]'],
    says: [
      'fjr.yaml, line 3, column 20: "MY-POOL" cannot be a key in task_resources[0]',
      'hint: expected a name of letters, digits and "_"',
    ],
  },
  {
    what: 'a resource from nowhere',
    lines: ['command: a', 'input: [1]', 'task_resources: [{ A: {} }]'],
    says: [
      'fjr.yaml, line 3, column 20: task_resources[0].A: none of file, items, pool is there',
      'hint: it takes one of them',
    ],
  },
  {
    what: 'a resource without items',
    lines: ['command: a', 'input: [1]', 'task_resources: [{ A: { file: { path: empty.txt } } }]'],
    says: [
      'fjr.yaml, line 3, column 20: task_resources[0].A: there are no items',
      'hint: nothing could ever run',
    ],
    fitsSchema: true,
  },
  {
    what: 'resources of one name',
    lines: [
      'command: a',
      'input: [1]',
      'worker_resources: [{ A: { items: [1] } }]',
      'task_resources: [{ A: { items: [2] } }, { a: { pool: A } }]',
    ],
    says: [
      'fjr.yaml has 2 problems:',
      '  line 4, column 20: task_resources[0].A: the name is taken (give each resource a name of its own)',
      '  line 4, column 43: task_resources[1].a: the name differs from A in case alone (give each resource a name of its own)',
    ],
    fitsSchema: true,
  },
  {
    what: 'files that are missing',
    lines: [
      'command: a',
      'input: { file: { path: no.csv } }',
      'workers: { file: { path: no.txt } }',
      'task_resources: [{ A: { file: { path: none.txt } } }]',
    ],
    says: [
      'fjr.yaml has 3 problems:',
      '  line 2, column 24: input.file.path: cannot read no.csv: ENOENT',
      '  line 3, column 26: workers.file.path: cannot read no.txt: ENOENT',
      '  line 4, column 39: task_resources[0].A.file.path: cannot read none.txt: ENOENT',
    ],
    fitsSchema: true,
  },
  {
    what: 'lists that are missing',
    lines: [
      'command: a',
      'input:',
      '  product:',
      '    a: { file: { path: no.txt } }',
      '    b: { file: { path: none.txt } }',
    ],
    says: [
      'fjr.yaml has 2 problems:',
      '  line 4, column 24: input.product.a.file.path: cannot read no.txt: ENOENT',
      '  line 5, column 24: input.product.b.file.path: cannot read none.txt: ENOENT',
    ],
    fitsSchema: true,
  },
  {
    what: 'a table without a header',
    lines: ['command: a', 'input: { file: { path: empty.csv } }'],
    says: [
      'fjr.yaml, line 2, column 24: input.file.path: empty.csv, line 1: there is no header',
      'hint: the first line names the columns',
    ],
    fitsSchema: true,
  },
  {
    what: 'a table whose columns collide',
    lines: ['command: a', 'input: { file: { path: twins.csv } }'],
    says: [
      'fjr.yaml, line 2, column 24: input.file.path: twins.csv, line 1: columns "a b" and "A-B" would both be INPUT_A_B',
      'hint: give each column a name of its own',
    ],
    fitsSchema: true,
  },
  {
    what: 'a template with an unknown function',
    lines: ['command: a', 'input: [1]', 'name: {{ env "X" }}'],
    says: ['fjr.yaml, line 3, column 7: unknown env in {{ }}', 'hint: did you mean Env?'],
    fitsSchema: true,
  },
  {
    what: 'a template with an unknown field',
    lines: ['command: a', 'input: [1]', 'name: {{ .RunId }}'],
    says: ['fjr.yaml, line 3, column 7: unknown .RunId in {{ }}', 'hint: did you mean .RunID?'],
    fitsSchema: true,
  },
  {
    what: 'a template that ends nowhere',
    lines: ['command: a', 'input: [1]', 'name: {{ Env "X"'],
    says: [
      'fjr.yaml, line 3, column 7: {{ is not closed on its line',
      'hint: for the characters {{ write {{ "{{" }}',
    ],
    fitsSchema: true,
  },
  {
    what: 'templates that are half written',
    lines: ['command: [{{ }}, {{ Env }}, {{ Env "A" "B" }}, {{ | Env }}, {{ (Env "A" }}]', 'input: [1]'],
    says: [
      'fjr.yaml has 5 problems:',
      '  line 1, column 11: {{ }} is empty (known are Env "NAME", Exec "command", Env "NAME" | Required, .RunID, .Project, .User, .Host, .Date)',
      '  line 1, column 18: Env has no argument (known are Env "NAME", Exec "command", Env "NAME" | Required, .RunID, .Project, .User, .Host, .Date)',
      '  line 1, column 29: unexpected "B" in {{ }} (known are Env "NAME", Exec "command", Env "NAME" | Required, .RunID, .Project, .User, .Host, .Date)',
      '  line 1, column 48: unknown | in {{ }} (known are Env "NAME", Exec "command", Env "NAME" | Required, .RunID, .Project, .User, .Host, .Date)',
      '  line 1, column 61: a ) is missing in {{ }}',
    ],
    fitsSchema: true,
  },
  {
    what: 'a template with an escape that Go has alone',
    lines: ['command: a', 'input: [1]', 'name: {{ Env "\\x41" }}'],
    says: [
      'fjr.yaml, line 3, column 7: "\\x41" has an escape that is not known',
      'hint: in backquotes, a \\ is a \\',
    ],
    fitsSchema: true,
  },
  {
    what: 'a template as a key',
    lines: ['command: a', 'input: [1]', 'env:', '  {{ Env "X" }}: 1'],
    says: ['fjr.yaml, line 4, column 3: a template cannot be a key', 'hint: write the key out'],
    fitsSchema: true,
  },
  {
    what: 'a variable that is demanded',
    lines: ['command: a', 'input: [1]', 'name: {{ Env "NOBODY" | Required }}'],
    says: [
      'fjr.yaml, line 3, column 7: Env "NOBODY" is empty',
      'hint: a value is required here: set it, or leave out "| Required"',
    ],
    fitsSchema: true,
  },
  {
    what: "a command of a template's that fails",
    lines: [
      'command: a',
      'input: [1]',
      'name: {{ Exec "echo no such user >&2; echo ask your admin >&2; exit 3" }}',
    ],
    says: [
      'fjr.yaml, line 3, column 7: Exec "echo no such user >&2; echo ask your admin >&2; exit 3" failed with exit code 3',
      'hint: it said: no such user',
      'ask your admin',
    ],
    fitsSchema: true,
  },
  {
    what: "a command of a template's that fails silently",
    lines: ['command: a', 'input: [1]', 'name: {{ Exec `exit 1` }}'],
    says: [
      'fjr.yaml, line 3, column 7: Exec "exit 1" failed with exit code 1',
      'hint: it said nothing on stderr',
    ],
    fitsSchema: true,
  },
  {
    what: 'a secret that went astray',
    lines: ['command: a', 'input: [1]', 'retries: {{ Env "SECRET" }}'],
    says: [
      'fjr.yaml, line 3, column 10: retries is not what is expected there',
      'hint: expected a whole number from 0 to 1000',
    ],
  },
  {
    what: 'a password that is not set',
    lines: [
      'docker:',
      '  image: a',
      '  registry: { user: {{ Env "NOBODY" }}, password: {{ Env "NO_PASSWORD" }} }',
      'input: [1]',
    ],
    says: [
      'fjr.yaml has 2 problems:',
      '  line 3, column 21: docker.registry.user is empty (expected a user name)',
      '  line 3, column 51: docker.registry.password is empty (expected a password)',
    ],
    fitsSchema: true,
  },
  {
    what: 'a NUL byte',
    lines: ['command: "a\\0b"', 'input: [1]'],
    says: ['fjr.yaml, line 1, column 10: a NUL byte', 'hint: no variable or argument can hold one'],
    fitsSchema: true,
  },
];
