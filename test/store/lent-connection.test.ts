import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { describeWithPostgres, openTestDatabase } from '../postgres.ts'
import { waitFor } from '../wait-for.ts'

// An error that nobody listens to would end the process, and this test with it.
describeWithPostgres('a connection that is lent for long', () => {
  it('may break between two statements: the next one fails, others are served', async () => {
    const { database, close } = await openTestDatabase('postgres')
    onTestFinished(close)
    const lent = database.kysely.connection().execute(async (connection) => {
      const { rows } = await sql<{ readonly pid: number }>`select pg_backend_pid() as pid`.execute(
        connection,
      )
      const pid = rows[0]?.pid ?? 0
      await sql`select pg_terminate_backend(${pid}::integer)`.execute(database.kysely)
      const isGone = async () => {
        const { rows: left } = await sql`select 1 from pg_stat_activity where pid = ${pid}`.execute(
          database.kysely,
        )
        return left.length === 0
      }
      await waitFor(isGone, { what: 'the session to end' })
      await sql`select 1`.execute(connection)
    })
    await expect(lent).rejects.toThrow(/terminat|not queryable|closed/i)
    const { rows } = await sql`select 1 as one`.execute(database.kysely)
    expect(rows).toEqual([{ one: 1 }])
  })
})
