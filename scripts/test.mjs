// `npm test`, also on a clean checkout: makes it ready, runs vitest (which gets all arguments) and ends with one
// line that counts the tests, for people and for programs.
import { setup } from './setup.mjs';
import { concludeWith, runTests } from './vitest.mjs';

await concludeWith(() => {
  setup({ tests: true });
  return runTests(process.argv.slice(2));
});
