import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import pg from 'pg'

export interface BoundedPoolOptions {
  readonly connectionString: string
  /** Connections at most, at least 1. */
  readonly size: number
  /** Bound on connecting, on waiting for a connection and on each statement. */
  readonly queryTimeoutMs: number
  /** Also asks the server to stop a statement at that time; the embedded engine cannot. */
  readonly serverSideTimeout: boolean
  /** Called once for each statement sent. */
  readonly onStatement: () => void
  /** Called when an idle connection breaks; the pool replaces it by itself. */
  readonly onConnectionError: (error: Error) => void
}

/** A statement, or the wait for a connection, took longer than the pool's bound. */
export class DatabaseTimeoutError extends Error {
  override readonly name = 'DatabaseTimeoutError'

  constructor(queryTimeoutMs: number, cause: unknown) {
    super(`The database did not answer within ${queryTimeoutMs} ms.`, { cause })
  }
}

const TIMEOUTS = [
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'Connection terminated due to connection timeout',
  'timeout expired',
]

function isTimeout(error: unknown): boolean {
  return error instanceof Error && TIMEOUTS.some((text) => error.message.includes(text))
}

/**
 * pg's pool for kysely with one promise more: nothing waits longer than `queryTimeoutMs`, and a
 * connection that did is destroyed, so that a database that froze serves again when it thaws.
 */
export class BoundedPool implements PostgresPool {
  readonly options: object
  readonly #pool: pg.Pool
  readonly #bounds: BoundedPoolOptions

  constructor(bounds: BoundedPoolOptions) {
    this.#bounds = bounds
    this.#pool = new pg.Pool({
      connectionString: bounds.connectionString,
      max: bounds.size,
      connectionTimeoutMillis: bounds.queryTimeoutMs,
      query_timeout: bounds.queryTimeoutMs,
      application_name: 'homefeed',
      ...(bounds.serverSideTimeout ? { statement_timeout: bounds.queryTimeoutMs } : {}),
    })
    this.#pool.on('error', bounds.onConnectionError)
    this.options = this.#pool.options
  }

  async connect(): Promise<PostgresPoolClient> {
    try {
      return new BoundedClient(await this.#pool.connect(), this.#bounds)
    } catch (error) {
      if (isTimeout(error)) throw new DatabaseTimeoutError(this.#bounds.queryTimeoutMs, error)
      throw error
    }
  }

  async end(): Promise<void> {
    await this.#pool.end()
  }
}

class BoundedClient implements PostgresPoolClient {
  readonly #client: pg.PoolClient
  readonly #bounds: BoundedPoolOptions
  #timedOut: DatabaseTimeoutError | null = null

  constructor(client: pg.PoolClient, bounds: BoundedPoolOptions) {
    this.#client = client
    this.#bounds = bounds
    // The pool listens to idle ones only; one that is lent breaks too, between two statements.
    client.on('error', bounds.onConnectionError)
  }

  query<R>(statement: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>
  query<R>(
    statement: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof statement === 'string') return this.#send(statement, parameters)
    throw new TypeError('The store opens no cursors: read pages by key instead.')
  }

  async #send<R>(statement: string, parameters: readonly unknown[]) {
    // The connection still waits for the statement that timed out: a rollback would wait as long.
    if (this.#timedOut !== null) throw this.#timedOut
    this.#bounds.onStatement()
    try {
      const result = await this.#client.query(statement, [...parameters])
      return result as unknown as PostgresQueryResult<R>
    } catch (error) {
      if (!isTimeout(error)) throw error
      this.#timedOut = new DatabaseTimeoutError(this.#bounds.queryTimeoutMs, error)
      throw this.#timedOut
    }
  }

  release(destroy = false): void {
    this.#client.off('error', this.#bounds.onConnectionError)
    this.#client.release(destroy || this.#timedOut !== null)
  }
}
