import { sql, type Kysely } from 'kysely'
import { namesOf, unnest, type UnnestColumn } from '../import/unnest.ts'
import type { Tables } from '../tables.ts'
import { addToBloom, createBloomEntry, mayContain, type BloomEntry } from './bloom-filter.ts'
import { hashId128 } from './murmur3.ts'
import { SEEN_PARAMS } from './seen.params.ts'

/** What was seen, and when. */
export interface SeenPost {
  readonly viewerId: string
  readonly postId: string
  readonly atMs: number
}

interface WritableGeneration extends BloomEntry {
  readonly viewerId: string
  /** From 1; the newest is the one that takes posts. */
  readonly generation: number
  /** Posts that it took. */
  items: number
  /** When the earliest and the latest of them was seen. */
  firstAtMs: number
  lastAtMs: number
}

/** Of one viewer, newest first. */
type History = WritableGeneration[]

interface GenerationRow {
  readonly viewer_id: string
  readonly generation: number
  readonly words: Buffer
  readonly size_cap: number
  readonly false_positive_rate: number
  readonly items: number
  readonly first_at_ms: string
  readonly last_at_ms: string
}

const COLUMNS: readonly UnnestColumn<WritableGeneration>[] = [
  { name: 'viewer_id', type: 'bigint', value: ({ viewerId }) => viewerId },
  { name: 'generation', type: 'integer', value: ({ generation }) => generation },
  { name: 'words', type: 'bytea', value: ({ words }) => words },
  { name: 'size_cap', type: 'integer', value: ({ sizeCap }) => sizeCap },
  { name: 'false_positive_rate', type: 'double precision', value: (set) => set.falsePositiveRate },
  { name: 'items', type: 'integer', value: ({ items }) => items },
  { name: 'first_at_ms', type: 'bigint', value: ({ firstAtMs }) => firstAtMs },
  { name: 'last_at_ms', type: 'bigint', value: ({ lastAtMs }) => lastAtMs },
]

async function readHistories(
  transaction: Kysely<Tables>,
  viewerIds: readonly string[],
  generationsMax: number,
): Promise<Map<string, History>> {
  const { rows } = await sql<GenerationRow>`
    select viewer_id, generation, words, size_cap, false_positive_rate, items, first_at_ms,
      last_at_ms from (
      select *, row_number() over (partition by viewer_id order by generation desc) as age
      from seen_generations where viewer_id = any(${viewerIds}::bigint[])
    ) kept where age <= ${generationsMax}
    order by viewer_id, generation desc`.execute(transaction)
  const histories = new Map<string, History>(viewerIds.map((viewerId) => [viewerId, []]))
  for (const row of rows) {
    histories.get(row.viewer_id)?.push({
      viewerId: row.viewer_id,
      generation: row.generation,
      words: row.words,
      sizeCap: row.size_cap,
      falsePositiveRate: row.false_positive_rate,
      items: row.items,
      firstAtMs: Number(row.first_at_ms),
      lastAtMs: Number(row.last_at_ms),
    })
  }
  return histories
}

/**
 * Whether the viewer's filters have let go of what was seen then: they were full once, and each of
 * them knows something newer.
 */
function isForgotten(history: History, atMs: number): boolean {
  const [newest] = history
  if (newest === undefined) return false
  const filled = newest.items < newest.sizeCap ? newest.generation - 1 : newest.generation
  return filled >= SEEN_PARAMS.generationsMax && history.every(({ lastAtMs }) => atMs < lastAtMs)
}

/** The newest generation, or the next when that is full. */
function openGeneration(history: History, { viewerId, atMs }: SeenPost): WritableGeneration {
  const [newest] = history
  if (newest !== undefined && newest.items < newest.sizeCap) return newest
  const generation = (newest?.generation ?? 0) + 1
  const begun = { ...createBloomEntry(SEEN_PARAMS), viewerId, generation, items: 0 }
  const opened = { ...begun, firstAtMs: atMs, lastAtMs: atMs }
  history.unshift(opened)
  return opened
}

/**
 * Adds the posts to each viewer's newest generation and begins the next when it is full; beyond the
 * bound goes the one whose posts were seen longest ago. A post that the newest generation claims
 * already is not added: repetitions use up nothing. What was seen longer ago than rows are kept may
 * come any number of times (an import again, in another file): it is not added either when a
 * generation of its time claims it, or when it was let go. Only one process may write at a time.
 */
export async function writeSeenGenerations(
  transaction: Kysely<Tables>,
  posts: readonly SeenPost[],
  nowMs: number,
): Promise<void> {
  if (posts.length === 0) return
  const { generationsMax, impressionsKeptMs } = SEEN_PARAMS
  const isOld = ({ atMs }: SeenPost) => atMs < nowMs - impressionsKeptMs
  const histories = await readHistories(
    transaction,
    [...new Set(posts.map((post) => post.viewerId))],
    posts.some(isOld) ? generationsMax : 1,
  )
  const touched = new Set<WritableGeneration>()
  for (const post of posts) {
    const history = histories.get(post.viewerId) ?? []
    const hash = hashId128(post.postId)
    const { atMs } = post
    const asked = isOld(post)
      ? history.filter(({ firstAtMs, lastAtMs }) => firstAtMs <= atMs && atMs <= lastAtMs)
      : history.slice(0, 1)
    if (asked.some((generation) => mayContain(generation, hash))) continue
    if (isOld(post) && isForgotten(history, atMs)) continue
    const generation = openGeneration(history, post)
    addToBloom(generation, hash)
    generation.items += 1
    generation.firstAtMs = Math.min(generation.firstAtMs, atMs)
    generation.lastAtMs = Math.max(generation.lastAtMs, atMs)
    touched.add(generation)
  }
  if (touched.size > 0) await write(transaction, [...touched], nowMs)
}

async function write(
  transaction: Kysely<Tables>,
  generations: readonly WritableGeneration[],
  nowMs: number,
): Promise<void> {
  await sql`
    insert into seen_generations (${namesOf(COLUMNS)}, written_at_ms)
    select given.*, ${nowMs}::bigint from ${unnest(COLUMNS, generations)}
    on conflict (viewer_id, generation) do update set words = excluded.words,
      items = excluded.items, first_at_ms = excluded.first_at_ms,
      last_at_ms = excluded.last_at_ms, written_at_ms = excluded.written_at_ms`.execute(transaction)
  const { generationsMax } = SEEN_PARAMS
  const rotating = generations.filter(({ generation }) => generation > generationsMax)
  if (rotating.length === 0) return
  await sql`
    delete from seen_generations as kept using (
      select viewer_id, generation, row_number() over (
        partition by viewer_id order by last_at_ms desc, generation desc
      ) as age
      from seen_generations
      where viewer_id = any(${rotating.map(({ viewerId }) => viewerId)}::bigint[])
    ) as ranked
    where kept.viewer_id = ranked.viewer_id and kept.generation = ranked.generation
      and ranked.age > ${generationsMax}`.execute(transaction)
}
