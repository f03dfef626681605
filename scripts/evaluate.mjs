/** `npm run evaluate -- ARGS`: `python -m phoenix.evaluation` with what plots and logs need. */
import { delimiter, join } from 'node:path'
import { ROOT, loadDotEnv, runForeground, runScript } from './environment.mjs'
import { ensurePython } from './python-environment.mjs'

await runScript(async () => {
  loadDotEnv()
  const interpreter = await ensurePython('learning')
  const paths = [join(ROOT, 'python'), process.env.PYTHONPATH].filter(Boolean)
  return runForeground(interpreter, ['-m', 'phoenix.evaluation', ...process.argv.slice(2)], {
    cwd: process.env.INIT_CWD ?? process.cwd(),
    env: { ...process.env, PYTHONPATH: paths.join(delimiter) },
  })
})
