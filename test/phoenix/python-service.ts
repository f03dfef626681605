import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '..', '..')
const PYTHON = process.env['HOMEFEED_PYTHON'] ?? join(ROOT, '.homefeed/python/bin/python')
const PYTHON_ROOT = join(ROOT, 'python')

/** A model with random weights, and room for what it compiles to. */
export interface RandomCheckpoint {
  readonly directory: string
  remove(): void
}

export function saveRandomCheckpoint(): RandomCheckpoint {
  const directory = mkdtempSync(join(tmpdir(), 'homefeed-phoenix-'))
  const script = [
    'import pathlib, sys',
    'from tests.random_checkpoint import save_random_checkpoint',
    'save_random_checkpoint(pathlib.Path(sys.argv[1]))',
  ].join('\n')
  execFileSync(PYTHON, ['-c', script, join(directory, 'checkpoint')], { cwd: PYTHON_ROOT })
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

/** Another model with random weights takes the place of a checkpoint; its version. */
export async function installRandomCheckpoint(
  checkpoint: RandomCheckpoint,
  seed: number,
): Promise<string> {
  const script = [
    'import pathlib, sys',
    'from phoenix.checkpoints import load_checkpoint',
    'from tests.random_checkpoint import save_random_checkpoint',
    'save_random_checkpoint(pathlib.Path(sys.argv[1]), int(sys.argv[2]))',
    'print(load_checkpoint(sys.argv[1]).version)',
  ].join('\n')
  const place = join(checkpoint.directory, 'checkpoint')
  const { stdout } = await promisify(execFile)(PYTHON, ['-c', script, place, String(seed)], {
    cwd: PYTHON_ROOT,
  })
  return stdout.trim()
}

/** A service process of ours that has said it is ready. */
export interface PythonService {
  readonly process: ChildProcess
  readonly address: string
  readonly port: number
  /** Ends it by force; resolves when it is gone. */
  kill(): Promise<void>
}

export async function startPythonService(
  module: 'retrieval_service' | 'ranking_service',
  checkpoint: RandomCheckpoint,
  port = 0,
): Promise<PythonService> {
  const child = spawn(
    PYTHON,
    [
      ...['-m', `services.${module}`],
      ...['--checkpoint', join(checkpoint.directory, 'checkpoint')],
      ...['--compilation-cache', join(checkpoint.directory, 'compiled')],
      ...['--port', String(port), '--parent-stdin', '--watch-seconds', '0.1'],
    ],
    { cwd: PYTHON_ROOT, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { readonly ready?: boolean; readonly port?: number }
    if (said.ready !== true || said.port === undefined) continue
    return {
      process: child,
      address: `127.0.0.1:${said.port}`,
      port: said.port,
      async kill() {
        child.kill('SIGKILL')
        await exited
      },
    }
  }
  throw new Error(`services.${module} ended before it was ready`)
}
