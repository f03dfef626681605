/** `npm run python -- ARGS`: the project's own interpreter, with `python/` importable. */
import { join } from 'node:path'
import { ROOT, loadDotEnv, runForeground, runScript } from './environment.mjs'
import { ensurePython } from './python-environment.mjs'

await runScript(async () => {
  loadDotEnv()
  const interpreter = await ensurePython()
  const paths = [join(ROOT, 'python'), process.env.PYTHONPATH].filter(Boolean)
  return runForeground(interpreter, process.argv.slice(2), {
    cwd: process.env.INIT_CWD ?? process.cwd(),
    env: { ...process.env, PYTHONPATH: paths.join(':') },
  })
})
