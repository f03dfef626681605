/** `node scripts/run.mjs FILE.ts ARGS`: makes the environments, then runs a TypeScript script. */
import {
  ensureNodePackages,
  loadDotEnv,
  pinnedNode,
  runForeground,
  runScript,
} from './environment.mjs'
import { ensurePython } from './python-environment.mjs'

await runScript(async () => {
  loadDotEnv()
  await ensureNodePackages()
  const python = await ensurePython()
  // kafkajs computes a time that has passed: harmless, and nobody's to mend.
  const options = ['--disable-warning=TimeoutNegativeWarning', '--import', 'tsx']
  return runForeground(pinnedNode(), [...options, ...process.argv.slice(2)], {
    env: { ...process.env, HOMEFEED_PYTHON: python },
  })
})
