import { sql } from 'kysely'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Database } from '../../src/store/database.ts'
import {
  importDirectory,
  type ImportOptions,
  type ImportReport,
} from '../../src/store/import/import-directory.ts'

export const NOW_MS = Date.parse('2026-11-24T12:00:00Z')
export const HOUR_MS = 3_600_000

export type ImportLines = Readonly<Record<string, readonly object[]>>

/** A folder that is removed when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'homefeed-import-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export function writeLines(directory: string, lines: ImportLines): void {
  for (const [kind, rows] of Object.entries(lines)) {
    writeFileSync(
      join(directory, `${kind}.jsonl`),
      rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
    )
  }
}

/** Imports the rows through the door that everybody's data comes through. */
export async function importLines(
  database: Database,
  lines: ImportLines,
  options: Partial<ImportOptions> = {},
): Promise<ImportReport> {
  const directory = temporaryDirectory()
  writeLines(directory, lines)
  return importDirectory({ database, directory, nowMs: NOW_MS, ...options })
}

const TABLES = [
  'users',
  'follows',
  'blocks',
  'mutes',
  'muted_reposts',
  'subscriptions',
  'muted_keywords',
  'followed_topics',
  'topics',
  'posts',
  'media',
  'post_topics',
  'post_counts',
  'visibility_labels',
  'takedowns',
  'engagements',
  'impressions',
] as const
const OTHER_TABLES = [
  'served',
  'seen_generations',
  'outbox',
  'import_progress',
  'processed_events',
  'demo_world',
]

export async function emptyTables(database: Database): Promise<void> {
  const tables = sql.join([...TABLES, ...OTHER_TABLES].map((table) => sql.table(table)))
  await sql`truncate ${tables} restart identity`.execute(database.kysely)
}

/** Every imported row of every table as text, sorted; generated ids are left out. */
export async function readStore(database: Database): Promise<Record<string, readonly string[]>> {
  const store: Record<string, readonly string[]> = {}
  for (const table of TABLES) {
    const { rows } = await sql<{ row: string }>`
      select (to_jsonb(t) ${table === 'muted_keywords' ? sql`- 'id'` : sql``})::text as row
      from ${sql.table(table)} t`.execute(database.kysely)
    store[table] = rows.map(({ row }) => row).sort()
  }
  return store
}

/** A small society that uses every file and every column of the import format. */
export const SOCIETY: ImportLines = {
  users: [
    { id: 1, handle: 'Ada', display_name: 'Ada L.', bio: 'jazz', country: 'GB', birth_year: 1980 },
    { id: '2', handle: 'bruno', created_at: '2020-05-01T10:00:00+02:00', language: 'de' },
    { id: 3, handle: 'chiyo', protected: true, followers_count: 700 },
    { id: 4, handle: 'dora', state: 'suspended', adult: true, sensitive_opt_in: true },
    { id: 5, handle: 'emil', sells_subscriptions: true },
  ],
  follows: [
    { follower_id: 1, followee_id: 2, created_at: 1_600_000_000_000 },
    { follower_id: 1, followee_id: 3, created_at: 1_700_000_000_000 },
    { follower_id: 1, followee_id: 5 },
    { follower_id: 5, followee_id: 2 },
  ],
  relations: [
    { viewer_id: 1, kind: 'block', target_id: 4 },
    { viewer_id: 2, kind: 'block', target_id: 1 },
    { viewer_id: 1, kind: 'mute', target_id: 3 },
    { viewer_id: 1, kind: 'mute_reposts', target_id: 5 },
    { viewer_id: 1, kind: 'subscribe', target_id: 5 },
    { viewer_id: 1, kind: 'follow_topic', topic: 'jazz' },
    { viewer_id: 1, kind: 'muted_keyword', phrase: 'election', match: 'word' },
    {
      viewer_id: 1,
      kind: 'muted_keyword',
      phrase: 'the final',
      match: 'phrase',
      surfaces: ['quoted', 'body'],
      expires_at: NOW_MS + HOUR_MS,
    },
    {
      viewer_id: 1,
      kind: 'muted_keyword',
      phrase: 'over',
      match: 'hashtag',
      expires_at: NOW_MS - HOUR_MS,
    },
  ],
  posts: [
    {
      id: '9007199254740993',
      author_id: 2,
      created_at: NOW_MS - HOUR_MS,
      text: 'A "record"',
      language: 'en',
      topics: ['jazz', 'vinyl'],
      sensitive: true,
      media: [
        {
          kind: 'image',
          url: '/a.svg',
          alt_text: 'A \\ cover',
          width: 4,
          height: 3,
        },
        {
          kind: 'video',
          url: '/b.mp4',
          width: 16,
          height: 9,
          duration_ms: 9e3,
        },
      ],
    },
    {
      id: 12,
      author_id: 5,
      created_at: NOW_MS - 50 * HOUR_MS,
      text: 'old',
      subscribers_only: true,
    },
    {
      id: 13,
      author_id: 3,
      created_at: NOW_MS - 30 * 6e4,
      text: 'yes',
      reply_to_post_id: '9007199254740993',
      conversation_id: '9007199254740993',
    },
    {
      id: 14,
      author_id: 5,
      created_at: NOW_MS - 20 * 6e4,
      repost_of_post_id: '9007199254740993',
      repost_of_user_id: 2,
    },
    { id: 15, author_id: 2, created_at: NOW_MS - 60_000, text: 'see', quoted_post_id: 13 },
    {
      id: 16,
      author_id: 2,
      created_at: NOW_MS - 9e4,
      text: 'gone',
      deleted_at: NOW_MS - 3e4,
    },
    { id: 17, author_id: 5, created_at: NOW_MS - 80_000, repost_of_post_id: 16 },
  ],
  labels: [
    { subject: 'post:13', label: 'SPAM', source: 'classifier' },
    { subject: 'post:13', label: 'gore', expires_at: NOW_MS - 1 },
    { subject: 'user:4', label: 'adult' },
  ],
  takedowns: [{ post_id: 13, countries: ['DE', 'xx'] }],
  engagements: [
    {
      viewer_id: 1,
      post_id: '9007199254740993',
      action: 'like',
      at: NOW_MS - 10 * 6e4,
      post_author_id: 2,
      dwell_ms: 4500,
    },
    { viewer_id: 1, post_id: '9007199254740993', action: 'dwell', at: NOW_MS - 9 * 60_000 },
    { viewer_id: 5, post_id: '9007199254740993', action: 'favorite', at: NOW_MS - 1_000 },
    { viewer_id: 1, post_id: 99, action: 'reply', at: NOW_MS - 5_000, post_author_id: 77 },
  ],
  impressions: [
    {
      viewer_id: 1,
      post_id: 15,
      at: NOW_MS - 2e3,
      position: 3,
      surface: 'home',
      source: 'in_network',
      propensity: 0.25,
      request_id: 'r1',
      dwell_ms: 700,
      outcomes: {
        favorite: 1,
        dwell: 0,
      },
    },
    { viewer_id: 1, post_id: 12, at: NOW_MS - 3 * HOUR_MS, post_author_id: 5 },
    { viewer_id: 1, post_id: 12, at: NOW_MS - 400 * 24 * HOUR_MS, post_author_id: 5 },
  ],
}
