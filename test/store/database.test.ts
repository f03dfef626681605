import { sql } from 'kysely'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatabase } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import {
  describeEngines,
  describeWithPostgres,
  openTestDatabase,
  startPostgres,
  type TestDatabase,
} from '../postgres.ts'

describeEngines('createDatabase', (engine) => {
  let opened: TestDatabase

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
  })
  afterAll(() => opened.close())

  it('has nothing left to migrate the second time', async () => {
    expect(await migrate(opened.database)).toEqual([])
  })

  it('reads ids beyond 2^53 as decimal strings', async () => {
    const { rows } = await sql<{ id: string; ids: string[] }>`
      select ${'9223372036854775807'}::bigint as id, array[9007199254740993]::bigint[] as ids
    `.execute(opened.database.kysely)
    expect(rows).toEqual([{ id: '9223372036854775807', ids: ['9007199254740993'] }])
  })

  it('never mixes up statements of connections that run at once', async () => {
    const numbers = Array.from({ length: 200 }, (_, index) => index)
    const answers = await Promise.all(
      numbers.map(async (number) => {
        const { rows } = await sql<Record<string, number>>`
          select ${number}::integer as ${sql.ref(`column_${number % 7}`)}
        `.execute(opened.database.kysely)
        return rows[0]?.[`column_${number % 7}`]
      }),
    )
    expect(answers).toEqual(numbers)
  })

  it('keeps a transaction to itself and rolls it back on an error', async () => {
    const { kysely } = opened.database
    const failing = kysely.transaction().execute(async (transaction) => {
      await transaction.insertInto('topics').values({ name: 'half-done' }).execute()
      throw new Error('stop')
    })
    await expect(failing).rejects.toThrow('stop')
    expect(await kysely.selectFrom('topics').selectAll().execute()).toEqual([])
  })

  it('serves the next statement after one with an error', async () => {
    const { kysely } = opened.database
    await expect(sql`select * from no_such_table`.execute(kysely)).rejects.toThrow('no_such_table')
    await expect(sql`select 1 / ${0}::integer`.execute(kysely)).rejects.toThrow('zero')
    expect((await sql`select 1 as one`.execute(kysely)).rows).toEqual([{ one: 1 }])
  })

  it('counts statements', async () => {
    const before = opened.database.statementCount()
    await sql`select 1`.execute(opened.database.kysely)
    expect(opened.database.statementCount() - before).toBe(1)
  })

  it('rejects within its bound and recovers', async () => {
    const impatient = opened.database.withQueryTimeout(20)
    const slow = sql`select count(*) from generate_series(1, 3000000)`.execute(impatient.kysely)
    await expect(slow).rejects.toThrow(/did not answer within|statement timeout/)
    await impatient.close()
    expect((await sql`select 1 as one`.execute(opened.database.kysely)).rows).toEqual([{ one: 1 }])
  })
})

describeWithPostgres('a frozen PostgreSQL', (binaries) => {
  it('rejects within the bound, and serves again when it thaws', async () => {
    const postgres = await startPostgres(binaries)
    const database = await createDatabase({
      databaseUrl: postgres.url,
      dataDirectory: tmpdir(),
      queryTimeoutMs: 300,
      poolSize: 2,
    })
    try {
      await sql`select 1`.execute(database.kysely)
      const processIds = postgres.processIds()
      for (const pid of processIds) process.kill(pid, 'SIGSTOP')
      const attempts = Array.from({ length: 6 }, () => sql`select 2`.execute(database.kysely))
      for (const attempt of await Promise.allSettled(attempts)) {
        expect(attempt).toMatchObject({
          status: 'rejected',
          reason: { name: 'DatabaseTimeoutError', message: /did not answer within 300 ms/ },
        })
      }
      for (const pid of processIds) process.kill(pid, 'SIGCONT')
      const answer = await sql`select 3 as three`.execute(database.kysely)
      expect(answer.rows).toEqual([{ three: 3 }])
    } finally {
      await database.close()
      await postgres.stop()
    }
  })
})

describe("the embedded database's directory", () => {
  const directory = mkdtempSync(join(tmpdir(), 'homefeed-lock-'))
  const options = { databaseUrl: null, dataDirectory: directory }
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it('is refused while a live process holds it, and taken over from a dead one', async () => {
    const dead = { pid: process.pid, startedAt: 'before this process' }
    writeFileSync(join(directory, 'pglite.lock'), JSON.stringify(dead))
    const first = await createDatabase(options)
    await expect(createDatabase(options)).rejects.toThrow(
      `pglite.lock is held by process ${process.pid}, which uses this embedded database`,
    )
    await sql`create table kept (id integer)`.execute(first.kysely)
    await first.close()
    const second = await createDatabase(options)
    expect((await sql`select * from kept`.execute(second.kysely)).rows).toEqual([])
    await second.close()
  })
})
