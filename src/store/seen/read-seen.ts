import { sql } from 'kysely'
import { trustPostId, type PostId, type UserId } from '../../ids.ts'
import type { Database } from '../database.ts'
import type { SeenGeneration } from './seen-generation.ts'

const SEEN_IDS_MAX = 10_000

/** What a viewer has seen. */
export interface SeenHistory {
  /** Own and original ids with an impression since then, newest first, at most 10,000. */
  readonly postIds: readonly PostId[]
  /** What was seen longer ago too, newest generation first. */
  readonly generations: readonly SeenGeneration[]
}

interface GenerationJson {
  readonly words: string
  readonly size_cap: number
  readonly false_positive_rate: number
  readonly written_at_ms: number
}

/** One statement. */
export async function readSeen(
  database: Database,
  viewerId: UserId,
  sinceMs: number,
): Promise<SeenHistory> {
  const { rows } = await sql<{
    readonly post_ids: readonly string[]
    readonly generations: readonly GenerationJson[]
  }>`
    select
      array(
        select shown.id::text from (
          select post_id as id, at_ms from impressions
          where viewer_id = ${viewerId} and at_ms >= ${sinceMs}
          union all
          select original_post_id, at_ms from impressions
          where viewer_id = ${viewerId} and at_ms >= ${sinceMs} and original_post_id is not null
        ) shown
        group by shown.id order by max(shown.at_ms) desc, shown.id desc
        limit ${SEEN_IDS_MAX}
      ) as post_ids,
      (select coalesce(json_agg(g order by g.generation desc), '[]') from (
        select generation, encode(words, 'base64') as words, size_cap, false_positive_rate,
          written_at_ms
        from seen_generations where viewer_id = ${viewerId}
      ) g) as generations`.execute(database.kysely)
  const [row] = rows
  if (row === undefined) throw new Error('A select without a table gave no row.')
  return {
    postIds: row.post_ids.map(trustPostId),
    generations: row.generations.map((generation) => ({
      words: Buffer.from(generation.words, 'base64'),
      sizeCap: generation.size_cap,
      falsePositiveRate: generation.false_positive_rate,
      writtenAtMs: generation.written_at_ms,
    })),
  }
}
