/**
 * Checks the machine and installs the Node packages; `python-environment.mjs` makes the Python.
 * Uses nothing but Node's own modules, and runs on Node 20: it is what runs before `npm ci` did.
 * Every step is idempotent, survives Ctrl-C, and is redone only when its lock file changed.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

const NODE_MIN = 20
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
  if (process.loadEnvFile === undefined) {
    throw new SetupError(
      `.env cannot be read by Node ${process.versions.node}: install Node 20.12 or later, or set ` +
        'its variables in the environment.',
    )
  }
  try {
    process.loadEnvFile(path)
  } catch (error) {
    throw new SetupError(`.env cannot be read (${error.message}): write lines NAME=value.`)
  }
}

export function checkPlatform() {
  const major = Number.parseInt(process.versions.node, 10)
  if (major < NODE_MIN) {
    throw new SetupError(
      `Node ${process.versions.node} is too old: install Node ${NODE_MIN} or later.`,
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
export function makeDirectory(directory) {
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
export function checkFreeSpace(directory) {
  const { bavail, bsize } = statfsSync(directory)
  if (bavail * bsize >= FREE_BYTES_MIN) return
  const free = (bavail * bsize) / 1e9
  throw new SetupError(
    `The disk of ${directory} has ${free.toFixed(1)} GB free, ${FREE_BYTES_MIN / 1e9} GB are ` +
      'needed: free some, or set HOMEFEED_DATA_DIR to another disk.',
  )
}

/** @param {string[]} parts */
export function digest(...parts) {
  return createHash('sha256').update(parts.join('\0')).digest('hex')
}

/** @param {string} path */
export function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/**
 * Runs a command whose output is shown only when it fails; prints a line every few seconds so
 * that a slow network does not look like a hang.
 * @param {string} label
 * @param {string[]} commandLine
 * @param {string} cwd
 */
export async function runStep(label, [command = '', ...args], cwd = ROOT) {
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
 * Installs what a package's lock names, when the lock changed since the last time.
 * @param {string} directory of the package, relative to the root
 * @param {string[]} command of npm that installs it
 * @param {string} size in words
 */
async function ensurePackages(directory, command, size) {
  const cwd = join(ROOT, directory)
  const stamp = join(cwd, 'node_modules', '.homefeed-stamp')
  const lock = readFileSync(join(cwd, 'package-lock.json'), 'utf8')
  const wanted = digest(lock, process.platform, process.arch)
  if (readStamp(stamp) === wanted) return
  checkFreeSpace(ROOT)
  const label = `Node packages${directory === '.' ? '' : ` of ${directory}/`}`
  say(`${label}: npm ${command[0]}, ${size}`)
  const { npm_execpath: npmCli } = process.env
  const npm = npmCli ? [process.execPath, npmCli] : ['npm']
  await runStep(label, [...npm, ...command, '--no-audit', '--no-fund'], cwd)
  writeFileSync(stamp, wanted)
  say(`${label}: ready`)
}

/** The product's own packages. */
export function ensureNodePackages() {
  return ensurePackages('.', ['ci'], 'about 190 MB to download')
}

/**
 * Linters and code generators. Some registries lack their binaries for other systems, so the
 * lock cannot name those, and `npm ci` refuses such a lock; `npm install` takes it, with the
 * locked versions and hashes, and `--no-save` leaves it as it is.
 */
export function ensureTools() {
  return ensurePackages('tools', ['install', '--no-save'], 'linters and generators, about 60 MB')
}

/** Mutation testing: nothing else needs its packages. */
export function ensureMutationTools() {
  return ensurePackages('tools/mutation', ['ci'], 'StrykerJS, about 20 MB')
}

/** The Node that everything after `npm ci` runs on: the pinned one where it exists. */
export function pinnedNode() {
  const path = join(ROOT, 'node_modules', '.bin', 'node')
  return existsSync(path) ? path : process.execPath
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
