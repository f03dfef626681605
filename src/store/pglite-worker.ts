import { PGlite } from '@electric-sql/pglite'
import { createServer } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { PgliteBridge } from './pglite-bridge.ts'

/** The worker's first and only message. */
export type PgliteWorkerMessage =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly reason: string }

const port = parentPort
if (port === null) throw new Error('pglite-worker.ts runs as a worker thread only.')

function send(message: PgliteWorkerMessage): void {
  port?.postMessage(message)
}

async function run(directory: string): Promise<void> {
  const engine = await PGlite.create({ dataDir: directory })
  const bridge = new PgliteBridge(engine)
  const server = createServer((socket) => bridge.attach(socket))
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) {
      send({ kind: 'listening', port: address.port })
    }
  })
  const stop = async (): Promise<void> => {
    server.close()
    await bridge.close()
    await engine.close()
    process.exit(0)
  }
  port?.once('message', () => void stop())
}

const { directory } = workerData as { readonly directory: string }
try {
  await run(directory)
} catch (error) {
  send({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) })
}
