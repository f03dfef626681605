import { sql } from 'kysely'
import type { Database } from '../store/database.ts'
import { StartError } from './progress.ts'

/** The outbox reads transaction numbers as xid8, which 13 brought. */
const SERVER_VERSION_MIN = 130_000

/** Asks the database once, before the long work. @throws {StartError} with the remedy. */
export async function checkDatabase(database: Database, databaseUrl: string | null): Promise<void> {
  if (databaseUrl === null) return
  const { host, pathname } = new URL(databaseUrl)
  const address = `PostgreSQL at ${host}${pathname}`
  const version = await readVersion(database).catch((error: unknown) => {
    throw new StartError(
      `${address} cannot be reached (${reasonOf(error)}): start it, or correct DATABASE_URL.`,
    )
  })
  if (version >= SERVER_VERSION_MIN) return
  const major = Math.floor(version / 10_000)
  throw new StartError(`${address} has version ${major}: 13 or later is needed.`)
}

async function readVersion(database: Database): Promise<number> {
  const { rows } = await sql<{ version: string }>`
    select current_setting('server_version_num') as version`.execute(database.kysely)
  return Number(rows[0]?.version)
}

/** The server's own words, else the system's code: a refused connection has no message. */
function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: unknown }
  return message !== undefined && message !== '' ? message : String(code)
}
