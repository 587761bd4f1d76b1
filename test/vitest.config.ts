import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  define: { FJR_VERSION: '"test"' },
  test: {
    include: ['test/**/*.test.ts'],
    // Many tests start real programs, which takes long on a loaded machine: a limit is for what hangs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Processes, because tests change directory, environment and signal handlers.
    pool: 'forks',
    // Each test brings several processes of its own.
    maxWorkers: 2,
  },
});
