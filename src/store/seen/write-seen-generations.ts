import { sql, type Kysely } from 'kysely'
import { unnest, type UnnestColumn } from '../import/unnest.ts'
import type { Tables } from '../tables.ts'
import { addToBloom, createBloomEntry, mayContain, type BloomEntry } from './bloom-filter.ts'
import { hashId128 } from './murmur3.ts'
import { SEEN_PARAMS } from './seen.params.ts'

/** What was seen, in the order in which it was. */
export interface SeenPost {
  readonly viewerId: string
  readonly postId: string
}

interface WritableGeneration extends BloomEntry {
  readonly viewerId: string
  /** From 1; the newest is the one that takes posts. */
  readonly generation: number
  /** Posts that it took. */
  items: number
}

interface GenerationRow {
  readonly viewer_id: string
  readonly generation: number
  readonly words: Buffer
  readonly size_cap: number
  readonly false_positive_rate: number
  readonly items: number
}

const COLUMNS: readonly UnnestColumn<WritableGeneration>[] = [
  { name: 'viewer_id', type: 'bigint', value: ({ viewerId }) => viewerId },
  { name: 'generation', type: 'integer', value: ({ generation }) => generation },
  { name: 'words', type: 'bytea', value: ({ words }) => words },
  { name: 'size_cap', type: 'integer', value: ({ sizeCap }) => sizeCap },
  { name: 'false_positive_rate', type: 'double precision', value: (set) => set.falsePositiveRate },
  { name: 'items', type: 'integer', value: ({ items }) => items },
]

async function readNewest(
  transaction: Kysely<Tables>,
  viewerIds: readonly string[],
): Promise<Map<string, WritableGeneration>> {
  const { rows } = await sql<GenerationRow>`
    select distinct on (viewer_id) viewer_id, generation, words, size_cap, false_positive_rate,
      items
    from seen_generations where viewer_id = any(${viewerIds}::bigint[])
    order by viewer_id, generation desc`.execute(transaction)
  return new Map(
    rows.map((row) => [
      row.viewer_id,
      {
        viewerId: row.viewer_id,
        generation: row.generation,
        words: row.words,
        sizeCap: row.size_cap,
        falsePositiveRate: row.false_positive_rate,
        items: row.items,
      },
    ]),
  )
}

function begin(viewerId: string, generation: number): WritableGeneration {
  return { ...createBloomEntry(SEEN_PARAMS), viewerId, generation, items: 0 }
}

/**
 * Adds the posts to each viewer's newest generation and begins the next when it is full; the
 * oldest ones beyond the bound go. A post that the newest generation claims already is not added:
 * repetitions use up nothing. Only one process may write at a time.
 */
export async function writeSeenGenerations(
  transaction: Kysely<Tables>,
  posts: readonly SeenPost[],
  nowMs: number,
): Promise<void> {
  if (posts.length === 0) return
  const newest = await readNewest(transaction, [...new Set(posts.map((post) => post.viewerId))])
  const touched = new Set<WritableGeneration>()
  for (const { viewerId, postId } of posts) {
    let generation = newest.get(viewerId) ?? begin(viewerId, 1)
    const hash = hashId128(postId)
    if (mayContain(generation, hash)) continue
    if (generation.items >= generation.sizeCap)
      generation = begin(viewerId, generation.generation + 1)
    addToBloom(generation, hash)
    generation.items += 1
    newest.set(viewerId, generation)
    touched.add(generation)
  }
  if (touched.size === 0) return
  await sql`
    with written as (
      insert into seen_generations (viewer_id, generation, words, size_cap, false_positive_rate,
        items, written_at_ms)
      select given.*, ${nowMs}::bigint from ${unnest(COLUMNS, [...touched])}
      on conflict (viewer_id, generation) do update set words = excluded.words,
        items = excluded.items, written_at_ms = excluded.written_at_ms
      returning viewer_id, generation
    )
    delete from seen_generations as kept
    using (select viewer_id, max(generation) as newest from written group by viewer_id) as latest
    where kept.viewer_id = latest.viewer_id
      and kept.generation <= latest.newest - ${SEEN_PARAMS.generationsMax}`.execute(transaction)
}
