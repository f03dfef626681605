import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { StartError, type Say } from './progress.ts'

export interface RunPythonOptions {
  readonly python: string
  /** Root of the repository: `python/` below it is importable. */
  readonly root: string
  readonly args: readonly string[]
  /** Told each line that the program writes to standard error. */
  readonly say: Say
  readonly signal: AbortSignal
}

/** Runs a Python module to its end. @throws {StartError} with its last words when it fails. */
export async function runPython(options: RunPythonOptions): Promise<void> {
  const child = spawn(options.python, [...options.args], {
    cwd: join(options.root, 'python'),
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: options.signal,
  })
  let lastLine = ''
  createInterface({ input: child.stderr }).on('line', (line) => {
    lastLine = line
    options.say(line)
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) {
    throw new StartError(`python ${options.args.join(' ')} failed (exit ${code}): ${lastLine}`)
  }
}
