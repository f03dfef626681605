import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** The pipeline's own tests: no database, no model, a few milliseconds each. */
// eslint-disable-next-line import/no-default-export -- vitest loads the default export.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/pipeline/**/*.test.ts'],
    // Whole requests with deadlines: slow, and what they see the others see closer.
    exclude: [
      'test/pipeline/home-feed.test.ts',
      'test/pipeline/home-feed-topics.test.ts',
      'test/pipeline/order.test.ts',
      'test/pipeline/pipeline-variants.test.ts',
      'test/pipeline/cached-pool/refresh.test.ts',
      'test/pipeline/safety/**',
      'test/pipeline/total/**',
    ],
    // Counting what each test covers makes number crunching slow.
    testTimeout: 60_000,
    maxWorkers: 1,
    // Mutants are switched on by a variable: modules need not be loaded anew for each.
    isolate: false,
  },
})
