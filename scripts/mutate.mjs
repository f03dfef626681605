/**
 * `npm run mutate [-- PATH ...]`: StrykerJS changes the code in small ways and tells which changes
 * no test notices. PATH is a file or folder below src/pipeline; by default the rules of the feed:
 * filters, scorers, visibility, muted-keywords. docs/mutation-testing.md has results.
 */
import { existsSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import {
  ROOT,
  SetupError,
  ensureMutationTools,
  ensureNodePackages,
  pinnedNode,
  runForeground,
  runScript,
} from './environment.mjs'

const CONFIG = 'tools/mutation/stryker.config.json'
const STRYKER = 'tools/mutation/node_modules/@stryker-mutator/core/bin/stryker.js'
const MUTABLE = 'src/pipeline'

/**
 * What Stryker calls a path: itself for a file, all below it for a folder.
 * @param {string} given
 */
function toPattern(given) {
  const path = relative(ROOT, resolve(given))
  if (!existsSync(join(ROOT, path))) throw new SetupError(`There is no ${given}.`)
  if (path !== MUTABLE && !path.startsWith(`${MUTABLE}/`)) {
    throw new SetupError(`${given} is not below ${MUTABLE}: only its tests are fast enough.`)
  }
  return statSync(join(ROOT, path)).isDirectory() ? `${path}/**/*.ts` : path
}

await runScript(async () => {
  const patterns = process.argv.slice(2).map(toPattern)
  await ensureNodePackages()
  await ensureMutationTools()
  const only = patterns.length === 0 ? [] : ['--mutate', patterns.join(',')]
  // Its workers find Node by the name `node`.
  const path = `${join(ROOT, 'node_modules', '.bin')}:${process.env.PATH}`
  return runForeground(pinnedNode(), [STRYKER, 'run', CONFIG, ...only], {
    env: { ...process.env, PATH: path },
  })
})
