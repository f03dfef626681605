/** `npm run ci`: every check, the cheapest first; stops at the first that fails. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  ROOT,
  SetupError,
  ensureNodePackages,
  ensureTools,
  pinnedNode,
  runForeground,
  runScript,
  say,
} from './environment.mjs'
import { ensurePython } from './python-environment.mjs'

const GENERATED = ['src/gen', 'python/phoenix/gen']
const SCHEMA = 'schema/schema.graphql'

/**
 * @param {string} python
 * @returns {[string, string[][]][]} name and commands of each check
 */
function checks(python) {
  const node = pinnedNode()
  const bin = (name) => join('node_modules', '.bin', name)
  const tool = (name) => join('tools', 'node_modules', '.bin', name)
  const typescript = (...args) => [node, '--import', 'tsx', ...args]
  const unchanged = (...paths) => ['git', 'diff', '--exit-code', '--stat', '--', ...paths]
  return [
    ['format', [[node, bin('prettier'), '--check', '--log-level', 'warn', '.']]],
    ['lint', [[tool('oxlint'), '--type-aware', '--deny-warnings']]],
    ['proto lint', [[tool('buf'), 'lint']]],
    ['generated code', [typescript('tools/generate.ts', python), unchanged(...GENERATED)]],
    ['schema', [typescript('scripts/emit-schema.ts'), unchanged(SCHEMA)]],
    ['python format', [[python, '-m', 'ruff', 'format', '--check', 'python']]],
    ['python lint', [[python, '-m', 'ruff', 'check', 'python']]],
    ['python types', [[tool('pyright'), '-p', 'python', '--pythonpath', python]]],
  ]
}

/** The wire contract may not break against what the main branch last published. */
function breakingCheck() {
  const against = 'main'
  const known = spawnSync('git', ['rev-parse', '--verify', '-q', `${against}:schema`], {
    cwd: ROOT,
  })
  if (known.status !== 0) return null
  return ['tools/node_modules/.bin/buf', 'breaking', '--against', `.git#branch=${against}`]
}

await runScript(async () => {
  await ensureNodePackages()
  await ensureTools()
  const python = await ensurePython('development')
  if (!existsSync(join(ROOT, '.git'))) throw new SetupError('npm run ci needs a git checkout.')
  // oxlint looks for its type-aware half on the PATH.
  const paths = ['tools/node_modules/.bin', 'node_modules/.bin'].map((path) => join(ROOT, path))
  const env = { ...process.env, PATH: [...paths, process.env.PATH].join(':') }
  const breaking = breakingCheck()
  const all = checks(python)
  if (breaking !== null) all.push(['proto breaking', [breaking]])
  all.push(['tests', [['npm', 'test']]])
  for (const [name, commands] of all) {
    say(`ci: ${name}`)
    for (const [command = '', ...args] of commands) {
      const code = await runForeground(command, args, { env })
      if (code !== 0) throw new SetupError(`ci: ${name} failed (${[command, ...args].join(' ')})`)
    }
  }
  say('ci: every check passed')
})
