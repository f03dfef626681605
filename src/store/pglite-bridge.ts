import type { PGlite } from '@electric-sql/pglite'
import type { Socket } from 'node:net'

const SSL_REQUEST = 80_877_103
const CANCEL_REQUEST = 80_877_102
/** Bound on one protocol message: a statement of 5,000 rows is about 3 MB. */
const MESSAGE_BYTES_MAX = 256 * 1024 * 1024
const READY_FOR_QUERY = 'Z'.charCodeAt(0)
const IDLE = 'I'.charCodeAt(0)
const TERMINATE = 'X'.charCodeAt(0)
/** Messages after which the server answers everything before: simple query, sync. */
const CYCLE_ENDS = new Set(['Q', 'S', 'F'].map((letter) => letter.charCodeAt(0)))

interface Connection {
  readonly socket: Socket
  /** Bytes that do not make a whole message yet. */
  chunks: Buffer[]
  bytes: number
  started: boolean
  closed: boolean
  /** Whole messages of the cycle that has not ended yet. */
  cycle: Uint8Array[]
}

interface Job {
  readonly connection: Connection
  readonly messages: readonly Uint8Array[]
}

/**
 * Lets several connections share PGlite's one session. The unit is a whole cycle (parse, bind,
 * execute up to sync), never a message: the unnamed statement of one connection would otherwise be
 * replaced by another's between parse and execute. While a connection is in a transaction only its
 * cycles run; if it goes away, the transaction is rolled back.
 */
export class PgliteBridge {
  readonly #engine: PGlite
  readonly #connections = new Set<Connection>()
  #jobs: Job[] = []
  #owner: Connection | null = null
  #running: Promise<void> | null = null

  constructor(engine: PGlite) {
    this.#engine = engine
  }

  attach(socket: Socket): void {
    const connection: Connection = {
      socket,
      chunks: [],
      bytes: 0,
      started: false,
      closed: false,
      cycle: [],
    }
    this.#connections.add(connection)
    socket.setNoDelay(true)
    socket.on('data', (data) => this.#receive(connection, data))
    // A reset connection closes right after: the close handler cleans up.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      connection.closed = true
      this.#connections.delete(connection)
      this.#jobs = this.#jobs.filter((job) => job.connection !== connection)
      this.#run()
    })
  }

  /** Ends every connection and waits for the statement that runs. */
  async close(): Promise<void> {
    for (const connection of this.#connections) connection.socket.destroy()
    await this.#running
  }

  #receive(connection: Connection, data: Buffer): void {
    connection.chunks.push(data)
    connection.bytes += data.length
    for (;;) {
      const message = takeMessage(connection)
      if (message === 'incomplete') break
      if (message === 'oversized') {
        connection.socket.destroy()
        return
      }
      this.#accept(connection, message)
    }
    this.#run()
  }

  #accept(connection: Connection, message: Buffer): void {
    if (!connection.started) {
      const code = message.readInt32BE(4)
      if (code === SSL_REQUEST) {
        connection.socket.write('N')
        return
      }
      if (code === CANCEL_REQUEST) {
        connection.socket.end()
        return
      }
      connection.started = true
      this.#jobs.push({ connection, messages: [new Uint8Array(message)] })
      return
    }
    if (message[0] === TERMINATE) {
      connection.socket.end()
      return
    }
    connection.cycle.push(new Uint8Array(message))
    if (CYCLE_ENDS.has(message[0] ?? 0)) {
      this.#jobs.push({ connection, messages: connection.cycle })
      connection.cycle = []
    }
  }

  #run(): void {
    this.#running ??= this.#drain().finally(() => {
      this.#running = null
      if (this.#nextIndex() >= 0 || this.#owner?.closed === true) this.#run()
    })
  }

  #nextIndex(): number {
    const owner = this.#owner
    if (owner !== null) return this.#jobs.findIndex((job) => job.connection === owner)
    return this.#jobs.length > 0 ? 0 : -1
  }

  async #drain(): Promise<void> {
    for (;;) {
      if (this.#owner?.closed === true) {
        await this.#engine.exec('rollback')
        this.#owner = null
      }
      const index = this.#nextIndex()
      if (index < 0) return
      const [job] = this.#jobs.splice(index, 1)
      if (job !== undefined) await this.#execute(job)
    }
  }

  async #execute(job: Job): Promise<void> {
    const { connection } = job
    const answers: Uint8Array[] = []
    try {
      await this.#engine.runExclusive(async () => {
        for (const message of job.messages) {
          await this.#engine.execProtocolRawStream(message, {
            onRawData: (data) => answers.push(data.slice()),
          })
        }
      })
    } catch {
      // The engine itself failed, not the statement: the client sees its connection break.
      connection.socket.destroy()
      return
    }
    const answer = Buffer.concat(answers)
    this.#owner = isIdle(answer) ? null : connection
    if (!connection.closed) connection.socket.write(answer)
  }
}

/** Whether the answer's last message says that no transaction is open. */
function isIdle(answer: Buffer): boolean {
  const at = answer.length - 6
  return at < 0 || answer[at] !== READY_FOR_QUERY || answer[at + 5] === IDLE
}

function takeMessage(connection: Connection): Buffer | 'incomplete' | 'oversized' {
  // The start-up message has no type byte before its length.
  const head = connection.started ? 5 : 4
  const minimum = connection.started ? 5 : 8
  if (connection.bytes < minimum) return 'incomplete'
  let [first] = connection.chunks
  if (first === undefined || first.length < minimum) {
    first = Buffer.concat(connection.chunks)
    connection.chunks = [first]
  }
  const length = first.readInt32BE(head - 4) + (head - 4)
  if (length < minimum || length > MESSAGE_BYTES_MAX) return 'oversized'
  if (connection.bytes < length) return 'incomplete'
  const all = connection.chunks.length === 1 ? first : Buffer.concat(connection.chunks)
  connection.chunks = all.length > length ? [all.subarray(length)] : []
  connection.bytes -= length
  return all.subarray(0, length)
}
