import { sql } from 'kysely'
import type { Database } from '../database.ts'

/** References of one column to rows that no file brought. */
export interface Dangling {
  /** `posts.author_id`. */
  readonly column: string
  /** What it should name. */
  readonly target: 'users' | 'posts'
  readonly rows: number
  /** Up to five of the missing ids, smallest first. */
  readonly examples: readonly string[]
}

interface Reference {
  readonly table: string
  readonly column: string
  readonly target: 'users' | 'posts'
  /** Rows that count, when not all do. */
  readonly where?: string
}

const REFERENCES: readonly Reference[] = [
  { table: 'follows', column: 'follower_id', target: 'users' },
  { table: 'follows', column: 'followee_id', target: 'users' },
  ...['blocks', 'mutes', 'muted_reposts', 'subscriptions'].flatMap((table): Reference[] => [
    { table, column: 'user_id', target: 'users' },
    { table, column: 'target_id', target: 'users' },
  ]),
  { table: 'muted_keywords', column: 'user_id', target: 'users' },
  { table: 'followed_topics', column: 'user_id', target: 'users' },
  { table: 'posts', column: 'author_id', target: 'users' },
  { table: 'posts', column: 'reply_to_post_id', target: 'posts' },
  { table: 'posts', column: 'repost_of_post_id', target: 'posts' },
  { table: 'posts', column: 'quoted_post_id', target: 'posts' },
  {
    table: 'visibility_labels',
    column: 'subject_id',
    target: 'posts',
    where: "subject_kind = 'post'",
  },
  {
    table: 'visibility_labels',
    column: 'subject_id',
    target: 'users',
    where: "subject_kind = 'user'",
  },
  { table: 'takedowns', column: 'post_id', target: 'posts' },
  { table: 'engagements', column: 'viewer_id', target: 'users' },
  // With its author known, a row needs no kept post.
  { table: 'engagements', column: 'post_id', target: 'posts', where: 'post_author_id is null' },
  { table: 'impressions', column: 'viewer_id', target: 'users' },
  { table: 'impressions', column: 'post_id', target: 'posts', where: 'post_author_id is null' },
]

async function findOne(database: Database, reference: Reference): Promise<Dangling> {
  const { table, column, target, where } = reference
  const { rows } = await sql<{ rows: string; examples: readonly string[] }>`
    select coalesce(sum(missing.uses), 0) as rows,
      coalesce((array_agg(missing.id::text order by missing.id))[1:5], '{}') as examples
    from (
      select ${sql.ref(column)} as id, count(*) as uses from ${sql.table(table)}
      where ${sql.ref(column)} is not null ${where === undefined ? sql`` : sql.raw(`and ${where}`)}
      group by ${sql.ref(column)}
    ) missing
    where not exists (select from ${sql.table(target)} t where t.id = missing.id)
  `.execute(database.kysely)
  const [row] = rows
  return {
    column: `${table}.${column}`,
    target,
    rows: Number(row?.rows ?? 0),
    examples: row?.examples ?? [],
  }
}

/** What still points nowhere, one entry a column that has any. */
export async function findDangling(database: Database): Promise<readonly Dangling[]> {
  const all: Dangling[] = []
  for (const reference of REFERENCES) all.push(await findOne(database, reference))
  return all.filter((dangling) => dangling.rows > 0)
}
