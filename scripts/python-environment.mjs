/**
 * The project's own Python: a virtual environment in the data directory, locked requirements with
 * hashes. Like environment.mjs it uses Node's own modules only and is redone only when a lock
 * changed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  ROOT,
  SetupError,
  checkFreeSpace,
  dataDirectory,
  digest,
  makeDirectory,
  readStamp,
  runStep,
  say,
} from './environment.mjs'

const PYTHON_MIN = 11
/** The newest minor version of Python 3 that the tests ran on is 11; up to this one it may run. */
const PYTHON_MAX = 13

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
 * What an environment can be for, each holding all before it: the services, training and
 * evaluation, tests and lint.
 * @type {Record<'serving' | 'learning' | 'development', { file: string, size: string }>}
 */
const PURPOSES = {
  serving: { file: 'requirements.txt', size: '200 MB to download, 750 MB on disk' },
  learning: { file: 'requirements-learning.txt', size: '280 MB to download, 1 GB on disk' },
  development: { file: 'requirements-dev.txt', size: '310 MB to download, 1.1 GB on disk' },
}

/** @param {keyof PURPOSES} purpose */
function stampsThatServe(purpose) {
  const names = Object.keys(PURPOSES)
  const stampOf = (name) => {
    const files = names.slice(0, names.indexOf(name) + 1).map((each) => PURPOSES[each].file)
    return digest(...files.map((file) => readFileSync(join(ROOT, 'python', file), 'utf8')))
  }
  return names.slice(names.indexOf(purpose)).map(stampOf)
}

/**
 * The project's own Python in the data directory, with locked and hashed requirements.
 * @param {keyof PURPOSES} purpose
 * @returns {Promise<string>} path of the interpreter
 */
export async function ensurePython(purpose = 'serving') {
  const directory = join(dataDirectory(), 'python')
  const interpreter = interpreterOf(directory)
  const stamps = stampsThatServe(purpose)
  const stamp = join(directory, '.homefeed-stamp')
  const works = () => spawnSync(interpreter, ['-c', 'pass']).status === 0
  if (stamps.includes(readStamp(stamp)) && works()) return interpreter
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
  const { file, size } = PURPOSES[purpose]
  say(`Python packages: ${file}, about ${size}`)
  const pip = ['-m', 'pip', 'install', '--require-hashes', '--disable-pip-version-check']
  await runStep('Python packages', [interpreter, ...pip, '-r', join('python', file)])
  writeFileSync(stamp, stamps[0])
  say('Python packages: ready')
  return interpreter
}
