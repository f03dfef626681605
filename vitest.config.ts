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
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**'],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // Two cores: each file may hold a database or a model of its own.
    maxWorkers: 2,
    fileParallelism: true,
  },
})
