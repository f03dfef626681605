import type { EmbeddingClient } from '../../phoenix/embedding-client.ts'
import { judgedPostOf, type PostCandidate } from '../home-feed.candidate.ts'
import { scorer } from '../home-feed.components.ts'
import { feedOrderOf } from '../selectors/feed-order.ts'
import { pickDiverse } from '../slate-diversity/pick-diverse.ts'
import { withinMs } from '../within-ms.ts'

export interface SlateDiversityOptions {
  readonly embeddings: EmbeddingClient
  /** In [0, 1]: towards 1 relevance alone counts, towards 0 diversity alone. */
  readonly theta: number
  /** Posts that one window takes. */
  readonly windowSize: number
  /** Posts that a window chooses among. */
  readonly poolSize: number
  readonly timeoutMs: number
  /** ms of the request that must be left to visibility. */
  readonly reserveMs: number
  /** The request's clock, epoch ms. */
  now(): number
}

type Ranked = Pick<
  PostCandidate,
  'id' | 'authorId' | 'createdAtMs' | 'core' | 'related' | 'score' | 'scoredBy'
>

/**
 * Fills the slate in windows. Each takes, out of the best that are left, posts that score well and
 * resemble each other least; scores stay as they are, so a window is in order of score inside.
 * Source: spec/scoring.md 9, decisions.md "sizes".
 */
export function slateDiversityScorer(options: SlateDiversityOptions) {
  const { embeddings, theta, windowSize, poolSize, timeoutMs, reserveMs, now } = options
  return scorer({
    name: 'SlateDiversityScorer',
    reads: ['core', 'related', 'score', 'scoredBy'],
    writes: ['slateWindow'],
    failurePolicy: 'replace',
    replacement: 'order of score alone',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'phoenix-retrieval',
    timeoutMs,
    params: { theta, windowSize, poolSize, reserveMs },
    async score({ slateSize, deadlineMs }, candidates, context) {
      const windows = Math.ceil(slateSize / windowSize)
      const ranked = feedOrderOf(candidates, ({ score }) => score)
      // Scores of model and fallback do not compare: only those of the best one's kind take part.
      const kind = candidates[ranked[0] ?? 0]?.scoredBy
      const pool = ranked
        .filter((index) => at(candidates, index).scoredBy === kind)
        .slice(0, poolSize + (windows - 1) * windowSize)
      const patches = candidates.map(() => ({ slateWindow: windows }))
      if (kind === undefined || pool.length === 0) return patches
      const limitMs = Math.min(context.deadlineMs, deadlineMs - reserveMs)
      const embedded = embeddings.embed(
        pool.map((index) => judgedPostOf(at(candidates, index))),
        { signal: context.signal, deadlineMs: limitMs },
      )
      const { vectors, dimension } = await withinMs(embedded, limitMs - now())
      let left = pool.map((_index, place) => place)
      for (let slateWindow = 0; slateWindow < windows && left.length > 0; slateWindow += 1) {
        const places = left.slice(0, poolSize)
        const chosen = chooseWindow(places, {
          scores: places.map((place) => at(candidates, pool[place] ?? 0).score ?? 0),
          vectors,
          rows: places,
          dimension,
        })
        for (const place of chosen) patches[pool[place] ?? 0] = { slateWindow }
        left = left.filter((place) => !chosen.has(place))
      }
      return patches
    },
  })

  /** Where the choice ends early, because all that is left repeats it, the best fill up. */
  function chooseWindow(
    places: readonly number[],
    pool: Parameters<typeof pickDiverse>[0],
  ): ReadonlySet<number> {
    const picked = pickDiverse(pool, { theta, countMax: windowSize })
    const chosen = new Set(picked.map((index) => places[index] ?? 0))
    for (const place of places) if (chosen.size < windowSize) chosen.add(place)
    return chosen
  }
}

function at(candidates: readonly Ranked[], index: number): Ranked {
  const candidate = candidates[index]
  if (candidate === undefined) throw new RangeError(`there is no candidate ${index}`)
  return candidate
}
