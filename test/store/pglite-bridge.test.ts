import pg from 'pg'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPglite, type PgliteServer } from '../../src/store/pglite-server.ts'

describe('PgliteBridge', () => {
  const directory = mkdtempSync(join(tmpdir(), 'homefeed-bridge-'))
  let server: PgliteServer

  beforeAll(async () => {
    server = await startPglite(join(directory, 'pglite'))
  })
  afterAll(async () => {
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  })

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client(`postgres://postgres@127.0.0.1:${server.port}/postgres`)
    await client.connect()
    return client
  }

  it('rolls back the transaction of a connection that goes away', async () => {
    const leaving = await connect()
    const staying = await connect()
    leaving.on('error', () => {})
    await staying.query('create table kept (id integer)')
    await leaving.query('begin')
    await leaving.query('insert into kept values (1)')
    const waiting = staying.query('select count(*)::integer as rows from kept')
    await leaving.end()
    expect((await waiting).rows).toEqual([{ rows: 0 }])
    await staying.end()
  })

  it('lets nobody into an open transaction', async () => {
    const first = await connect()
    const second = await connect()
    await first.query('create table numbers (id integer)')
    await first.query('begin')
    await first.query('insert into numbers values (1)')
    const waiting = second.query('select count(*)::integer as rows from numbers')
    await first.query('insert into numbers values ($1)', [2])
    await first.query('commit')
    expect((await waiting).rows).toEqual([{ rows: 2 }])
    await Promise.all([first.end(), second.end()])
  })

  it('carries statements of several megabytes', async () => {
    const client = await connect()
    const text = 'x'.repeat(8_000_000)
    const { rows } = await client.query('select length($1::text) as length', [text])
    expect(rows).toEqual([{ length: 8_000_000 }])
    await client.end()
  })
})
