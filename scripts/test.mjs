/**
 * `npm test`: every test of the project, TypeScript and Python, and one closing line with how many
 * ran and were skipped. With HOMEFEED_CI=1 a skip is a failure.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ROOT,
  checkPlatform,
  dataDirectory,
  ensureNodePackages,
  loadDotEnv,
  pinnedNode,
  runForeground,
  runScript,
  say,
} from './environment.mjs'
import { ensurePython } from './python-environment.mjs'

/** Absent data sets are the one skip that CI allows: their terms forbid a copy here. */
const SKIPS_ALLOWED = /HOMEFEED_(ML1M|BIRDWATCH)_DIR/

/** Each holds a JAX of its own: 1 to 2 GB. */
const PYTEST_PROCESSES_MAX = 4

/** @typedef {{ suite: string, passed: number, failed: number, skipped: string[] }} Outcome */

/** @returns {Promise<Outcome>} */
async function checkTypes() {
  say('types: tsc over src, test, scripts and tools')
  const code = await runForeground(pinnedNode(), ['node_modules/.bin/tsc', '--noEmit'])
  return { suite: 'types', passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [] }
}

/**
 * @param {string} report
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Outcome>}
 */
async function runVitest(report, env) {
  say('vitest: unit, integration, end to end, tidy')
  const args = ['node_modules/.bin/vitest', 'run', '--reporter=default', '--reporter=json']
  const code = await runForeground(pinnedNode(), [...args, `--outputFile.json=${report}`], { env })
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  const skipped = testResults
    .flatMap((file) => file.assertionResults)
    .filter((test) => test.status === 'skipped' || test.status === 'pending')
    .map((test) => test.fullName)
  // A file that fails to load has no tests to count, but the exit code tells.
  const failed = numFailedTests === 0 && code !== 0 ? 1 : numFailedTests
  return { suite: 'vitest', passed: numPassedTests, failed, skipped }
}

/**
 * @param {string} python
 * @param {string} report
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Outcome>}
 */
async function runPytest(python, report, env) {
  // Files go to processes whole: what a file trains, its tests share.
  const processes = String(Math.min(availableParallelism(), PYTEST_PROCESSES_MAX))
  say(`pytest: models, services, demo world, training (${processes} processes)`)
  const code = await runForeground(
    python,
    [
      ...['-m', 'pytest', '-p', 'no:cacheprovider', `--junitxml=${report}`],
      ...['-n', processes, '--dist', 'loadfile'],
    ],
    { cwd: join(ROOT, 'python'), env },
  )
  const xml = readFileSync(report, 'utf8')
  const count = (name) => Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(xml)?.[1])
  const skipped = [...xml.matchAll(/<skipped [^>]*message="([^"]*)"/g)].map((match) => match[1])
  const failures = count('failures') + count('errors')
  const failed = failures === 0 && code !== 0 ? 1 : failures
  return {
    suite: 'pytest',
    passed: count('tests') - failures - skipped.length,
    failed,
    skipped,
  }
}

await runScript(async () => {
  checkPlatform()
  loadDotEnv()
  await ensureNodePackages()
  const python = await ensurePython('development')
  const reports = join(dataDirectory(), 'reports')
  rmSync(reports, { recursive: true, force: true })
  mkdirSync(reports, { recursive: true })
  // Tests of one run share a demo world, made once.
  const run = `${process.pid}-${Date.now()}`
  const env = { ...process.env, HOMEFEED_PYTHON: python, HOMEFEED_TEST_RUN: run }
  const outcomes = [
    await checkTypes(),
    await runVitest(join(reports, 'vitest.json'), env),
    await runPytest(python, join(reports, 'pytest.xml'), env),
  ]
  rmSync(join(tmpdir(), `homefeed-test-world-${run}`), { recursive: true, force: true })
  const skipped = outcomes.flatMap((outcome) => outcome.skipped)
  for (const name of skipped) say(`skipped: ${name}`)
  const isCi = process.env.HOMEFEED_CI === '1'
  const forbidden = isCi ? skipped.filter((name) => !SKIPS_ALLOWED.test(name)) : []
  for (const name of forbidden) say(`in CI this may not be skipped: ${name}`)
  for (const { suite, passed, failed, skipped: out } of outcomes) {
    say(`${suite}: ${passed} passed, ${failed} failed, ${out.length} skipped`)
  }
  const sum = (pick) => outcomes.reduce((total, outcome) => total + pick(outcome), 0)
  const failed = sum((outcome) => outcome.failed) + forbidden.length
  process.stdout.write(
    `${sum((outcome) => outcome.passed)} passed, ${failed} failed, ${skipped.length} skipped\n`,
  )
  return failed === 0 ? 0 : 1
})
