import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  clearDemoWorld,
  markDemoWorld,
  readDatabaseContent,
  readDemoWorldMarker,
} from '../../src/store/demo-world.ts'
import { openTestDatabase, type TestDatabase } from '../postgres.ts'
import { emptyTables, importLines, NOW_MS, SOCIETY } from './import-fixture.ts'

const MARKER = { seed: 7, scale: 1, generatedAtMs: NOW_MS, importedAtMs: null }

describe('the demo world marker', () => {
  let opened: TestDatabase

  beforeAll(async () => {
    opened = await openTestDatabase('pglite')
  })
  afterAll(() => opened.close())

  it('tells an empty database, the demo world and somebody else apart', async () => {
    const { database } = opened
    expect(await readDatabaseContent(database)).toBe('empty')
    expect(await readDemoWorldMarker(database)).toBeNull()
    await markDemoWorld(database, MARKER)
    await importLines(database, SOCIETY)
    await markDemoWorld(database, { ...MARKER, importedAtMs: NOW_MS + 1 })
    expect(await readDatabaseContent(database)).toBe('demo-world')
    expect(await readDemoWorldMarker(database)).toEqual({ ...MARKER, importedAtMs: NOW_MS + 1 })
    await clearDemoWorld(database)
    expect(await readDatabaseContent(database)).toBe('empty')
  })

  it("leaves somebody else's data alone", async () => {
    const { database } = opened
    await emptyTables(database)
    await importLines(database, SOCIETY)
    expect(await readDatabaseContent(database)).toBe('somebody-else')
    await expect(markDemoWorld(database, MARKER)).rejects.toThrow('it is left alone')
    await expect(clearDemoWorld(database)).rejects.toThrow('it is not emptied')
    expect(await readDatabaseContent(database)).toBe('somebody-else')
  })
})
