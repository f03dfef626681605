import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { lockDirectory } from './directory-lock.ts'
import type { PgliteWorkerMessage } from './pglite-worker.ts'

export interface PgliteServer {
  /** On 127.0.0.1, speaking PostgreSQL's protocol. */
  readonly port: number
  /** Closes the database cleanly and gives the directory's lock back. */
  close(): Promise<void>
}

function firstMessage(worker: Worker): Promise<PgliteWorkerMessage> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the worker ended with code ${code}`)))
  })
}

/**
 * Starts PGlite on `directory` (made when absent) in a worker thread. A second opening of the same
 * directory would corrupt it for good, so a lock file stands beside it.
 *
 * @throws DirectoryInUseError, or an error that names the directory and the remedy.
 */
export async function startPglite(directory: string): Promise<PgliteServer> {
  mkdirSync(dirname(directory), { recursive: true })
  const unlock = lockDirectory(`${directory}.lock`)
  // No inherited loader: Node itself strips the types of the worker's files, the same under tsx,
  // vitest and plain Node.
  const worker = new Worker(new URL('./pglite-worker.ts', import.meta.url), {
    workerData: { directory },
    execArgv: [],
  })
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  try {
    const message = await firstMessage(worker)
    if (message.kind === 'failed') throw new Error(message.reason)
    // From here on a dead worker shows as refused connections, which readiness reports.
    worker.on('error', () => {})
    worker.unref()
    return {
      port: message.port,
      async close() {
        worker.ref()
        worker.postMessage('close')
        await exited
        unlock()
      },
    }
  } catch (error) {
    await worker.terminate()
    unlock()
    throw new Error(
      `The embedded database in ${directory} could not be opened: is the disk full, or is the ` +
        'folder not ours? `npm run demo:reset` begins anew; DATABASE_URL uses PostgreSQL instead.',
      { cause: error },
    )
  }
}
