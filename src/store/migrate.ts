import { type Migration, Migrator } from 'kysely/migration'
import type { Database } from './database.ts'
import { exposuresMigration } from './migrations/exposures.migration.ts'
import { initialMigration } from './migrations/initial.migration.ts'
import { logPositionsMigration } from './migrations/log-positions.migration.ts'
import { postViewsMigration } from './migrations/post-views.migration.ts'
import { recentPostsMigration } from './migrations/recent-posts.migration.ts'
import { seenMigration } from './migrations/seen.migration.ts'
import { seenTimesMigration } from './migrations/seen-times.migration.ts'
import { postsOfTopicsMigration } from './migrations/posts-of-topics.migration.ts'
import { servedModulesMigration } from './migrations/served-modules.migration.ts'
import { trainingLogMigration } from './migrations/training-log.migration.ts'

/** In the order in which they run; a name is never changed or reused. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-initial': initialMigration,
  '0002-log-positions': logPositionsMigration,
  '0003-training-log': trainingLogMigration,
  '0004-recent-posts': recentPostsMigration,
  '0005-exposures': exposuresMigration,
  '0006-post-views': postViewsMigration,
  '0007-seen': seenMigration,
  '0008-posts-of-topics': postsOfTopicsMigration,
  '0009-served-modules': servedModulesMigration,
  '0010-seen-times': seenTimesMigration,
}

/**
 * Brings the database's tables up to date; does nothing when they are. Safe to call from several
 * processes at once. Returns the names of the migrations that it ran.
 *
 * @throws when a migration fails (its statements are then rolled back), or when the database was
 * migrated by a newer release.
 */
export async function migrate(database: Database): Promise<readonly string[]> {
  const patient = database.withQueryTimeout(300_000)
  try {
    const migrator = new Migrator({
      db: patient.kysely,
      provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
    })
    const { error, results = [] } = await migrator.migrateToLatest()
    if (error !== undefined) {
      const failed = results.find((result) => result.status === 'Error')
      const name = failed === undefined ? '' : ` at ${failed.migrationName}`
      throw new Error(`The database could not be migrated${name}.`, { cause: error })
    }
    return results.map((result) => result.migrationName)
  } finally {
    await patient.close()
  }
}
