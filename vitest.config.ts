import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// eslint-disable-next-line import/no-default-export -- vitest loads the default export.
export default defineConfig({
  resolve: {
    // graphql's CommonJS and ES builds must not both load: "another module or realm".
    alias: [
      {
        find: /^graphql$/,
        replacement: fileURLToPath(new URL('node_modules/graphql/index.js', import.meta.url)),
      },
    ],
  },
  test: {
    // kafkajs computes a delay below 0; Node would warn of each.
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/bench/**', 'test/e2e/**'],
          // Two cores: files may hold a database or a model of their own.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/e2e/**/*.test.ts'],
          // A gateway with both models each: alone on the machine, one after the other.
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
