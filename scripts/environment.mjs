/**
 * Makes the two environments that homefeed runs in: Node packages and the project's own Python.
 * Uses nothing but Node's own modules, and runs on Node 20: it is what runs before `npm ci` did.
 * Every step is idempotent, survives Ctrl-C, and is redone only when its lock file changed.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

const NODE_MIN = [20, 12]
const PYTHON_MIN = 11
/** The newest minor version of Python 3 that the tests ran on is 11; up to this one it may run. */
const PYTHON_MAX = 13
const FREE_BYTES_MIN = 2_500_000_000

/** A fault with its remedy in one sentence: printed without a stack trace. */
export class SetupError extends Error {}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`homefeed  ${line}\n`)
}

/** Where this checkout keeps what it makes: HOMEFEED_DATA_DIR, by default `.homefeed`. */
export function dataDirectory() {
  return resolve(ROOT, process.env.HOMEFEED_DATA_DIR?.trim() || '.homefeed')
}

/** Reads `.env` beside package.json when there is one; what is set already wins. */
export function loadDotEnv() {
  const path = join(ROOT, '.env')
  if (!existsSync(path)) return
  try {
    process.loadEnvFile(path)
  } catch (error) {
    throw new SetupError(`.env cannot be read (${error.message}): write lines NAME=value.`)
  }
}

export function checkPlatform() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    throw new SetupError(
      `Node ${process.versions.node} is too old: install Node ${NODE_MIN.join('.')} or later.`,
    )
  }
  if (process.platform === 'linux') return
  if (process.platform === 'win32') {
    throw new SetupError('Windows is not supported: run homefeed in WSL 2 (Ubuntu, for example).')
  }
  if (major < 22) {
    throw new SetupError(
      `Node ${process.versions.node} is too old on ${process.platform}: install Node 24.`,
    )
  }
  say(`note: ${process.platform} is not tested, only Linux is; please report what breaks.`)
}

/** @param {string} directory */
function makeDirectory(directory) {
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    throw new SetupError(
      `The data directory ${directory} cannot be made (${error.code}): ` +
        'set HOMEFEED_DATA_DIR to a folder you may write to.',
    )
  }
}

/** @param {string} directory */
function checkFreeSpace(directory) {
  const { bavail, bsize } = statfsSync(directory)
  if (bavail * bsize >= FREE_BYTES_MIN) return
  const free = (bavail * bsize) / 1e9
  throw new SetupError(
    `The disk of ${directory} has ${free.toFixed(1)} GB free, ${FREE_BYTES_MIN / 1e9} GB are ` +
      'needed: free some, or set HOMEFEED_DATA_DIR to another disk.',
  )
}

/** @param {string[]} parts */
function digest(...parts) {
  return createHash('sha256').update(parts.join('\0')).digest('hex')
}

/** @param {string} path */
function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/**
 * Runs a command whose output is shown only when it fails; prints a line every few seconds so
 * that a slow network does not look like a hang.
 * @param {string} label
 * @param {string[]} commandLine
 * @param {string} cwd
 */
async function runStep(label, [command = '', ...args], cwd = ROOT) {
  const startedAt = Date.now()
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let lastLine = ''
  const collect = (chunk) => {
    output = (output + chunk).slice(-20_000)
    lastLine = String(chunk).trim().split('\n').at(-1) ?? ''
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const ticker = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1000)
    say(`  ${label}: ${seconds} s${lastLine ? `, ${lastLine.slice(0, 70)}` : ''}`)
  }, 5_000)
  const stop = (signal) => child.kill(signal)
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const code = await new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (exitCode, signal) => done(signal ?? exitCode))
  }).finally(() => {
    clearInterval(ticker)
    process.off('SIGINT', stop).off('SIGTERM', stop)
  })
  if (code === 0) return
  if (code === 'SIGINT' || code === 'SIGTERM') {
    throw new SetupError('Stopped. The next start goes on from here.')
  }
  throw new SetupError(explainFailure(label, output))
}

/**
 * @param {string} label
 * @param {string} output
 */
function explainFailure(label, output) {
  if (/ENOSPC|No space left/i.test(output)) {
    return `${label} failed: the disk is full. Free some space and start again.`
  }
  if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|Temporary failure in name/i.test(output)) {
    return `${label} failed: the package registry cannot be reached. Check the network or proxy.`
  }
  if (/THESE PACKAGES DO NOT MATCH THE HASHES/i.test(output)) {
    return `${label} failed: a download does not match its locked hash. Do not go on; try again.`
  }
  return `${label} failed:\n${output.trim().split('\n').slice(-15).join('\n')}`
}

/**
 * `npm ci`, when `package-lock.json` changed since the last time.
 * @param {string} directory of the package, relative to the root
 * @param {string} size in words
 */
export async function ensureNodePackages(directory = '.', size = 'about 190 MB to download') {
  const cwd = join(ROOT, directory)
  const stamp = join(cwd, 'node_modules', '.homefeed-stamp')
  const lock = readFileSync(join(cwd, 'package-lock.json'), 'utf8')
  const wanted = digest(lock, process.platform, process.arch)
  if (readStamp(stamp) === wanted) return
  checkFreeSpace(ROOT)
  const label = `Node packages${directory === '.' ? '' : ` of ${directory}/`}`
  say(`${label}: npm ci, ${size}`)
  const { npm_execpath: npmCli } = process.env
  const npm = npmCli ? [process.execPath, npmCli] : ['npm']
  await runStep(label, [...npm, 'ci', '--no-audit', '--no-fund'], cwd)
  writeFileSync(stamp, wanted)
  say(`${label}: ready`)
}

/** The Node that everything after `npm ci` runs on: the pinned one where it exists. */
export function pinnedNode() {
  const path = join(ROOT, 'node_modules', '.bin', 'node')
  return existsSync(path) ? path : process.execPath
}

/** @returns {{ command: string, version: string }} */
function findPython() {
  const seen = []
  for (const command of ['python3.11', 'python3.12', 'python3.13', 'python3', 'python']) {
    const probe = spawnSync(
      command,
      ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'],
      {
        encoding: 'utf8',
      },
    )
    if (probe.status !== 0) continue
    const version = probe.stdout.trim()
    const [major = 0, minor = 0] = version.split('.').map(Number)
    if (major === 3 && minor >= PYTHON_MIN && minor <= PYTHON_MAX) return { command, version }
    seen.push(`${command} is ${version}`)
  }
  const found = seen.length === 0 ? 'there is none on the PATH' : seen.join(', ')
  throw new SetupError(
    `Python 3.${PYTHON_MIN} to 3.${PYTHON_MAX} is needed, but ${found}: install it, for ` +
      'example with `apt-get install python3 python3-venv`.',
  )
}

/** @param {string} directory of the virtual environment */
function interpreterOf(directory) {
  return join(directory, 'bin', 'python')
}

/** @param {{ command: string, version: string }} python */
function checkVenvModule({ command, version }) {
  if (spawnSync(command, ['-c', 'import venv, ensurepip']).status === 0) return
  const minor = version.split('.').slice(0, 2).join('.')
  throw new SetupError(
    `Python ${version} lacks its venv module: install it, for example with ` +
      `\`apt-get install python${minor}-venv\`.`,
  )
}

/**
 * The project's own Python in the data directory, with locked and hashed requirements.
 * @param {{ development?: boolean }} options development adds the test and lint tools
 * @returns {Promise<string>} path of the interpreter
 */
export async function ensurePython({ development = false } = {}) {
  const directory = join(dataDirectory(), 'python')
  const interpreter = interpreterOf(directory)
  const lock = (name) => readFileSync(join(ROOT, 'python', name), 'utf8')
  const stamps = {
    runtime: digest(lock('requirements.txt')),
    development: digest(lock('requirements.txt'), lock('requirements-dev.txt')),
  }
  const stamp = join(directory, '.homefeed-stamp')
  const have = readStamp(stamp)
  const works = () => spawnSync(interpreter, ['-c', 'pass']).status === 0
  if ((have === stamps.development || (!development && have === stamps.runtime)) && works()) {
    return interpreter
  }
  makeDirectory(dataDirectory())
  checkFreeSpace(dataDirectory())
  if (!existsSync(interpreter) || !works()) {
    const python = findPython()
    checkVenvModule(python)
    say(`Python: a virtual environment of Python ${python.version} in ${directory}`)
    const unfinished = `${directory}.unfinished`
    rmSync(unfinished, { recursive: true, force: true })
    rmSync(directory, { recursive: true, force: true })
    await runStep('Python environment', [python.command, '-m', 'venv', unfinished])
    renameSync(unfinished, directory)
  }
  const file = development ? 'requirements-dev.txt' : 'requirements.txt'
  say(`Python packages: ${file}, about 200 MB to download, 750 MB on disk`)
  const pip = ['-m', 'pip', 'install', '--require-hashes', '--disable-pip-version-check']
  await runStep('Python packages', [interpreter, ...pip, '-r', join('python', file)])
  writeFileSync(stamp, development ? stamps.development : stamps.runtime)
  say('Python packages: ready')
  return interpreter
}

/**
 * Runs `main` and turns a fault into one sentence and an exit code.
 * @param {() => Promise<number | void>} main
 */
export async function runScript(main) {
  try {
    process.exitCode = (await main()) ?? 0
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(error.message)
    process.exitCode = 1
  }
}

/**
 * Runs a command on our terminal to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<number>} its exit code; 1 when a signal ended it
 */
export function runForeground(command, args, options = {}) {
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', ...options })
  const forward = (signal) => child.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward)
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done(code ?? 1))
  }).finally(() => process.off('SIGINT', forward).off('SIGTERM', forward))
}
