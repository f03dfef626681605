/** `npm run export -- DIR`: writes the store as files that `npm run import` reads. */
import { ConfigError, readProcessConfig } from '../src/config.ts'
import { createDatabase } from '../src/store/database.ts'
import { DirectoryInUseError } from '../src/store/directory-lock.ts'
import { exportDirectory } from '../src/store/export/export-directory.ts'
import { ImportDirectoryError } from '../src/store/import/find-import-files.ts'
import { migrate } from '../src/store/migrate.ts'

async function run(directory: string): Promise<void> {
  const { databaseUrl, dataDirectory } = readProcessConfig()
  const database = await createDatabase({ databaseUrl, dataDirectory })
  try {
    await migrate(database)
    const files = await exportDirectory({ database, directory })
    for (const { path, rows } of files) console.log(`${path}  ${rows} rows`)
  } finally {
    await database.close()
  }
}

const [directory, ...others] = process.argv.slice(2)
if (directory === undefined || directory.startsWith('-') || others.length > 0) {
  console.error(
    'Usage: npm run export -- DIR\n  DIR  a folder without import files; made if absent',
  )
  process.exitCode = 2
} else {
  try {
    await run(directory)
  } catch (error) {
    const isExpected =
      error instanceof ImportDirectoryError ||
      error instanceof DirectoryInUseError ||
      error instanceof ConfigError
    console.error(isExpected ? error.message : error)
    process.exitCode = 1
  }
}
