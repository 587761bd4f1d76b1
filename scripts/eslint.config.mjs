import { defineConfig, globalIgnores } from 'eslint/config';
import { builtinRules } from 'eslint/use-at-your-own-risk';
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';

const actor = {
  imports: ['queue', 'job'],
  types: ['system'],
  why: 'recruiter, dispatcher, worker, doctor and server meet only in files, as processes and so as code',
};

/** Imports point one way: what each folder of src may import besides itself, and why nothing else. */
const folders = {
  job: {
    imports: [],
    why: 'what a job is must be understood, and tested, without anything around it',
  },
  queue: {
    imports: ['job'],
    types: ['system'],
    why: 'the protocol on disk holds for whoever takes part in it, so it knows none of them',
  },
  report: {
    imports: ['queue', 'job'],
    why: 'it makes text of what it is given: whoever calls it has read the files, and writes the text where it belongs',
  },
  recruiter: actor,
  dispatcher: actor,
  worker: actor,
  doctor: actor,
  server: actor,
  system: {
    imports: ['job'],
    outsideWorld: true,
    why: 'the outside world does not know what it is used for',
  },
  cli: {
    imports: [
      'bin',
      'job',
      'queue',
      'recruiter',
      'dispatcher',
      'worker',
      'doctor',
      'report',
      'server',
      'system',
    ],
    outsideWorld: true,
    why: 'it is the composition root',
  },
  bin: {
    imports: ['cli'],
    why: 'a program is a few lines that call its command in src/cli',
  },
};

const outsideWorld =
  'belongs to src/system, which hands it to the rest behind an interface that tests can replace';

const worldImports = (modules) => ({
  regex: `^(node:)?(${modules.join('|')})$|^(execa|chokidar|fs-extra|proper-lockfile)(/|$)`,
  message: `What touches files and processes ${outsideWorld}.`,
});
const worldModules = ['fs', 'fs/promises', 'child_process', 'process'];

const worldProperties = [
  { object: 'Date', property: 'now' },
  { object: 'performance', property: 'now' },
  { object: 'Math', property: 'random' },
  { object: 'process', property: 'env' },
].map((place) => ({ ...place, message: `It ${outsideWorld}.` }));
const exit = {
  object: 'process',
  property: 'exit',
  message:
    'Only src/cli/main.ts ends the process: elsewhere it would cut off what others have still to write.',
};

const worldSyntax = [
  {
    selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
    message: `The clock ${outsideWorld}.`,
  },
  { selector: 'CallExpression[callee.name="Date"]', message: `The clock ${outsideWorld}.` },
];

/** The patterns of no-restricted-imports for a folder of src. */
function importPatterns(name, { imports, types = [], why }) {
  const path = (names) => `^(\\.\\./)+(${names.join('|')})(/|$)`;
  const forbidden = Object.keys(folders).filter((other) => ![name, ...imports, ...types].includes(other));
  const allowed = [
    'itself',
    ...imports.map((other) => `src/${other}`),
    ...types.map((other) => `types of src/${other}`),
  ];
  const patterns = [];
  if (forbidden.length > 0) {
    patterns.push({
      regex: path(forbidden),
      message: `src/${name} imports only ${allowed.join(', ')}: ${why}.`,
    });
  }
  if (types.length > 0) {
    patterns.push({
      regex: path(types),
      allowTypeImports: true,
      message: `src/${name} imports only types of src/system: src/cli hands in the rest, and tests something else.`,
    });
  }
  return patterns;
}

/** no-restricted-imports does not see `import()`, so the same patterns hold for it in this form. */
const dynamicImport = ({ regex, message }) => ({
  selector: `ImportExpression[source.value=/${new RegExp(regex).source}/]`,
  message,
});

const importRules = (patterns, syntax) => ({
  '@typescript-eslint/no-restricted-imports': ['error', { patterns }],
  'no-restricted-syntax': ['error', ...patterns.map(dynamicImport), ...syntax],
});

const architecture = Object.entries(folders).map(([name, folder]) => {
  const patterns = importPatterns(name, folder);
  return {
    files: [`src/${name}/**/*.ts`],
    rules: folder.outsideWorld
      ? { ...importRules(patterns, []), 'no-restricted-properties': ['error', exit] }
      : {
          ...importRules([...patterns, worldImports(worldModules)], worldSyntax),
          'no-restricted-properties': ['error', ...worldProperties, exit],
        },
  };
});

// What eslint itself recommends; its preset is a package of its own, and this list is all that is in it.
const recommended = Object.fromEntries(
  [...builtinRules].filter(([, rule]) => rule.meta.docs.recommended).map(([name]) => [name, 'error']),
);

export default defineConfig([
  globalIgnores(['dist/', 'test/corpus/', 'test/fixtures/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' }, rules: recommended },
  {
    files: ['**/*.mjs'],
    // The globals of the Node that runs this.
    languageOptions: {
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
    },
  },
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: fileURLToPath(new URL('..', import.meta.url)) },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-empty-function': 'off',
      // `import { type A } from` would leave an import at run time that the direction rules have let pass as a type.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // A generator without yield is a step that needs nothing from outside.
      'require-yield': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    // No `import('…').Type` either: no-restricted-imports does not see it.
    rules: { '@typescript-eslint/consistent-type-imports': 'error' },
  },
  ...architecture,
  {
    // It runs in a browser: its outside world is that one. Text must never become markup there.
    files: ['src/server/ui/**/*.ts'],
    rules: {
      ...importRules(
        [{ regex: '^node:', message: 'The page imports only itself, and what is made for browsers.' }],
        [
          ...['innerHTML', 'outerHTML', 'srcdoc'].map((name) => ({
            selector: `AssignmentExpression > MemberExpression.left[property.name="${name}"]`,
            message: 'Text is set with textContent.',
          })),
          {
            selector:
              'CallExpression[callee.property.name=/^(insertAdjacentHTML|setHTMLUnsafe|write|writeln)$/]',
            message: 'Text is set with textContent.',
          },
        ],
      ),
      'no-restricted-properties': 'off',
    },
  },
  { files: ['src/cli/main.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    // A program of its own, started once for each crew: what it loads is what starting it costs.
    files: ['src/worker/starter-process.ts'],
    rules: {
      ...importRules([...importPatterns('worker', folders.worker), worldImports(['fs/promises'])], []),
      'no-restricted-properties': 'off',
    },
  },
  {
    // The same, once for each job of a spec.
    files: ['src/worker/spec-process.ts'],
    rules: {
      ...importRules(
        [
          ...importPatterns('worker', { ...actor, imports: [...actor.imports, 'system'], types: [] }),
          worldImports(['fs/promises']),
        ],
        [],
      ),
      'no-restricted-properties': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // A wrong guess fails the test, which is what a test is for; expect.any() and its like are typed any.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
]);
