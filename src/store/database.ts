import { Kysely, PostgresDialect } from 'kysely'
import { join } from 'node:path'
import { BoundedPool } from './bounded-pool.ts'
import { startPglite } from './pglite-server.ts'
import type { Tables } from './tables.ts'

export interface DatabaseOptions {
  /** Null = the embedded engine below `dataDirectory`. */
  readonly databaseUrl: string | null
  /** Absolute; the embedded engine keeps its files in `pglite/` there. */
  readonly dataDirectory: string
  /** Connections at most; default 10, embedded 4. */
  readonly poolSize?: number
  /** Bound on every statement and every wait for a connection; default 2,000. */
  readonly queryTimeoutMs?: number
  /** Told about connections that break while idle; the pool replaces them. */
  readonly onConnectionError?: (error: Error) => void
}

/** One database, whichever the engine: PostgreSQL's SQL and wire protocol through one pool. */
export interface Database {
  readonly engine: 'pglite' | 'postgres'
  readonly kysely: Kysely<Tables>
  /** Statements sent so far; the difference around a request is what it cost. */
  statementCount(): number
  /** The same database through a pool of one connection with another bound; close it after use. */
  withQueryTimeout(queryTimeoutMs: number): Database
  /** Ends the pool and, unless this came from `withQueryTimeout`, the embedded engine. */
  close(): Promise<void>
}

const QUERY_TIMEOUT_MS = 2_000
const POOL_SIZE = { postgres: 10, pglite: 4 } as const

interface Engine {
  readonly kind: 'pglite' | 'postgres'
  readonly connectionString: string
  readonly onConnectionError: (error: Error) => void
  close(): Promise<void>
}

interface PoolOptions {
  readonly size: number
  readonly queryTimeoutMs: number
  readonly close: () => Promise<void>
}

function openDatabase(engine: Engine, options: PoolOptions): Database {
  let statements = 0
  const pool = new BoundedPool({
    connectionString: engine.connectionString,
    size: options.size,
    queryTimeoutMs: options.queryTimeoutMs,
    serverSideTimeout: engine.kind === 'postgres',
    onStatement: () => (statements += 1),
    onConnectionError: engine.onConnectionError,
  })
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return {
    engine: engine.kind,
    kysely,
    statementCount: () => statements,
    withQueryTimeout: (queryTimeoutMs) =>
      openDatabase(engine, { size: 1, queryTimeoutMs, close: () => Promise.resolve() }),
    async close() {
      await kysely.destroy()
      await options.close()
    },
  }
}

async function startEngine(options: DatabaseOptions): Promise<Engine> {
  const onConnectionError = options.onConnectionError ?? (() => {})
  if (options.databaseUrl !== null) {
    return {
      kind: 'postgres',
      connectionString: options.databaseUrl,
      onConnectionError,
      close: () => Promise.resolve(),
    }
  }
  const server = await startPglite(join(options.dataDirectory, 'pglite'))
  return {
    kind: 'pglite',
    connectionString: `postgres://postgres@127.0.0.1:${server.port}/postgres`,
    onConnectionError,
    close: () => server.close(),
  }
}

/**
 * Opens PostgreSQL by its address, or starts the embedded PGlite in a worker thread. Runs no
 * migration. A PostgreSQL that cannot be reached shows at the first statement.
 *
 * @throws a one-sentence error when the embedded directory is in use or cannot be opened.
 */
export async function createDatabase(options: DatabaseOptions): Promise<Database> {
  const engine = await startEngine(options)
  return openDatabase(engine, {
    size: options.poolSize ?? POOL_SIZE[engine.kind],
    queryTimeoutMs: options.queryTimeoutMs ?? QUERY_TIMEOUT_MS,
    close: () => engine.close(),
  })
}
