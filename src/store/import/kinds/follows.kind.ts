import { sql } from 'kysely'
import type { ImportKind } from '../import-kind.ts'
import { BadColumnError } from '../row-reader.ts'
import { lastOfEach, namesOf, unnest, type UnnestColumn } from '../unnest.ts'

interface ImportedFollow {
  readonly followerId: string
  readonly followeeId: string
  readonly createdAtMs: number | null
}

const COLUMNS: readonly UnnestColumn<ImportedFollow>[] = [
  { name: 'follower_id', type: 'bigint', value: (follow) => follow.followerId },
  { name: 'followee_id', type: 'bigint', value: (follow) => follow.followeeId },
  { name: 'created_at_ms', type: 'bigint', value: (follow) => follow.createdAtMs },
]

export const followsKind: ImportKind<ImportedFollow> = {
  name: 'follows',
  columns: ['follower_id', 'followee_id', 'created_at'],
  read(row) {
    const followerId = row.id('follower_id')
    const followeeId = row.id('followee_id')
    if (followerId === followeeId) {
      throw new BadColumnError(`followee_id is the follower itself: nobody follows themselves`)
    }
    return { followerId, followeeId, createdAtMs: row.optionalTimeMs('created_at') }
  },
  async write(rows, { transaction }) {
    const follows = lastOfEach(
      rows.map((row) => row.value),
      (follow) => `${follow.followerId} ${follow.followeeId}`,
    )
    await sql`
      insert into follows (${namesOf(COLUMNS)})
      select ${namesOf(COLUMNS)} from ${unnest(COLUMNS, follows)}
      on conflict (follower_id, followee_id) do update
      set created_at_ms = coalesce(excluded.created_at_ms, follows.created_at_ms)
    `.execute(transaction)
    return []
  },
}
