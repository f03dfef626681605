/** `npm start`: makes the environments, then runs the gateway on the pinned Node. */
import { spawn } from 'node:child_process'
import {
  ROOT,
  checkPlatform,
  ensureNodePackages,
  loadDotEnv,
  pinnedNode,
  runScript,
} from './environment.mjs'
import { ensurePython } from './python-environment.mjs'

/** How long the gateway gets to end by itself before it is killed. */
const SHUTDOWN_MS = 4_500
const PARENT_CHECK_MS = 500

/**
 * The gateway ends when its standard input closes, so it never outlives this process; this
 * process ends when its own parent (npm, usually) is gone.
 * @param {string} python
 */
function runGateway(python) {
  const child = spawn(
    pinnedNode(),
    [
      '--import',
      'tsx',
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=TimeoutNegativeWarning',
      'src/main.ts',
    ],
    {
      cwd: ROOT,
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { ...process.env, HOMEFEED_PYTHON: python },
      // Ctrl-C in a terminal goes to the whole process group; the gateway must hear it once.
      detached: true,
    },
  )
  const parent = process.ppid
  let isStopping = false
  const stop = () => {
    if (isStopping) return
    isStopping = true
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), SHUTDOWN_MS).unref()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop)
  const watch = setInterval(() => process.ppid !== parent && stop(), PARENT_CHECK_MS)
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => {
      clearInterval(watch)
      done(code ?? 1)
    })
  })
}

await runScript(async () => {
  checkPlatform()
  loadDotEnv()
  await ensureNodePackages()
  return runGateway(await ensurePython())
})
