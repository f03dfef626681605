/** `npm run demo:reset`: empties the database of its demo world; the next start makes a new one. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readProcessConfig } from '../src/config.ts'
import { createDatabase } from '../src/store/database.ts'
import { clearDemoWorld } from '../src/store/demo-world.ts'
import { migrate } from '../src/store/migrate.ts'

async function reset(): Promise<void> {
  const { databaseUrl, dataDirectory } = readProcessConfig()
  const database = await createDatabase({ databaseUrl, dataDirectory })
  try {
    await migrate(database)
    await clearDemoWorld(database)
    await rm(join(dataDirectory, 'world'), { recursive: true, force: true })
    process.stderr.write('homefeed  The demo world is gone; `npm start` makes a new one.\n')
  } finally {
    await database.close()
  }
}

// Faults of the settings, a database in use or somebody else's: a sentence, not a stack.
await reset().catch((error: unknown) => {
  if (!(error instanceof Error)) throw error
  process.stderr.write(`homefeed  ${error.message}\n`)
  process.exitCode = 1
})
