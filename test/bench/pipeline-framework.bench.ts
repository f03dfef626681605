/**
 * What the framework costs: 6 hydrators, 10 filters, 4 scorers and a selector over 1,500
 * candidates, through the runner and as plain functions that mutate the candidates. Both do the
 * same work and must give the same scores. Timed: from fresh candidates to the selected list.
 *
 *   npx tsx test/bench/pipeline-framework.bench.ts [--json]
 */
import { createCandidatePipeline } from '../../src/pipeline/framework/candidate-pipeline.ts'
import { defineComponents } from '../../src/pipeline/framework/define-components.ts'
import { foldCopies } from '../../src/pipeline/framework/merge.ts'
import { runBenchmark } from './harness.ts'
import type { Sample } from './harness.ts'
import {
  byScore,
  CANDIDATE_COUNT,
  createCandidates,
  diversityFactors,
  NOW_MS,
  QUERY,
  RESULT_SIZE,
  rowOf,
  RULES,
  STORE,
  toAnswer,
  weightedSumOf,
} from './pipeline-framework-work.ts'
import type { BenchCandidate, BenchQuery } from './pipeline-framework-work.ts'

const { filter, hydrator, scorer, selector } = defineComponents<BenchQuery, BenchCandidate>()

const hydrators = [
  hydrator({
    name: 'InNetworkHydrator',
    writes: ['inNetwork'],
    hydrate: async (query, list) => list.map((c) => ({ inNetwork: query.follows.has(c.authorId) })),
  }),
  hydrator({
    name: 'CoreHydrator',
    writes: ['text', 'languageCode', 'replyToId', 'quotedId'],
    hydrate: async (_query, list) =>
      list.map((c) => {
        const row = STORE.get(c.id)
        if (row === undefined) return new Error('no row')
        const { text, languageCode, replyToId, quotedId } = row
        return { text, languageCode, replyToId, quotedId }
      }),
  }),
  hydrator({
    name: 'AuthorHydrator',
    writes: ['authorHandle', 'authorFollowers', 'isProtected'],
    hydrate: async (_query, list) =>
      list.map((c) => {
        const row = STORE.get(c.id)
        if (row === undefined) return new Error('no row')
        const { handle, followers, isProtected } = row
        return { authorHandle: handle, authorFollowers: followers, isProtected }
      }),
  }),
  hydrator({
    name: 'MediaHydrator',
    writes: ['mediaCount', 'videoDurationMs'],
    hydrate: async (_query, list) =>
      list.map((c) => {
        const row = STORE.get(c.id)
        if (row === undefined) return new Error('no row')
        return { mediaCount: row.mediaCount, videoDurationMs: row.videoDurationMs }
      }),
  }),
  hydrator({
    name: 'SubscriptionHydrator',
    writes: ['subscriptionAuthorId'],
    hydrate: async (_query, list) => list.map(() => ({ subscriptionAuthorId: null })),
  }),
  hydrator({
    name: 'CountsHydrator',
    writes: ['likeCount', 'replyCount', 'repostCount'],
    hydrate: async (_query, list) =>
      list.map((c) => {
        const likes = STORE.get(c.id)?.likes ?? 0
        return { likeCount: likes, replyCount: likes >> 1, repostCount: likes >> 2 }
      }),
  }),
]

const scorers = [
  scorer({
    name: 'ModelScorer',
    writes: ['probabilities', 'dwellSeconds'],
    score: async (_query, list) =>
      list.map((_c, index) => ({ probabilities: rowOf(index), dwellSeconds: index % 30 })),
  }),
  scorer({
    name: 'WeightedScorer',
    reads: ['probabilities'],
    writes: ['weightedScore'],
    score: async (_query, list) =>
      list.map((c) => ({ weightedScore: weightedSumOf(c.probabilities) })),
  }),
  scorer({
    name: 'DiversityScorer',
    reads: ['weightedScore'],
    writes: ['diversityFactor'],
    score: async (_query, list) =>
      diversityFactors(list).map((diversityFactor) => ({ diversityFactor })),
  }),
  scorer({
    name: 'OutOfNetworkScorer',
    reads: ['inNetwork', 'weightedScore', 'diversityFactor'],
    writes: ['outOfNetworkFactor', 'score'],
    score: async (_query, list) =>
      list.map((c) => {
        const outOfNetworkFactor = c.inNetwork === true ? 1 : 0.75
        const score = (c.weightedScore ?? 0) * (c.diversityFactor ?? 1) * outOfNetworkFactor
        return { outOfNetworkFactor, score }
      }),
  }),
]

function framework(): Sample {
  let candidates: BenchCandidate[] = []
  let selected: readonly BenchCandidate[] = []
  const pipeline = createCandidatePipeline<BenchQuery, BenchCandidate>({
    name: 'bench',
    budgetMs: 60_000,
    queryHydrators: [],
    dependentQueryHydrators: [],
    sources: [{ name: 'BenchSource', fetch: async () => candidates }],
    merge: { idOf: ({ id }) => id, fold: foldCopies('sources') },
    hydrators,
    filters: Object.entries(RULES).map(([name, rule]) =>
      filter<keyof BenchCandidate>({ name, keep: (query) => rule(query) }),
    ),
    scorers,
    selector: selector({
      name: 'TopSelector',
      select(_query, list) {
        const ranked = list.toSorted(byScore)
        return { selected: ranked.slice(0, RESULT_SIZE), nonSelected: ranked.slice(RESULT_SIZE) }
      },
    }),
    postSelectionHydrators: [],
    postSelectionFilters: [],
    resultSize: () => RESULT_SIZE,
    sideEffects: [],
  })
  const { signal } = new AbortController()
  return {
    prepare: () => {
      candidates = createCandidates()
    },
    async run() {
      const result = await pipeline.execute(QUERY, {
        requestId: 'bench',
        nowMs: NOW_MS,
        signal,
        now: () => performance.now(),
      })
      selected = result.selected
    },
    answer: () => toAnswer(selected),
  }
}

function directMutation(): Sample {
  let candidates: BenchCandidate[] = []
  let selected: readonly BenchCandidate[] = []
  return {
    prepare: () => {
      candidates = createCandidates()
    },
    run() {
      hydrateDirectly(candidates)
      let kept = candidates
      for (const rule of Object.values(RULES)) kept = kept.filter(rule(QUERY))
      scoreDirectly(kept)
      selected = kept.toSorted(byScore).slice(0, RESULT_SIZE)
    },
    answer: () => toAnswer(selected),
  }
}

function hydrateDirectly(candidates: readonly BenchCandidate[]): void {
  for (const c of candidates) c.inNetwork = QUERY.follows.has(c.authorId)
  for (const c of candidates) {
    const row = STORE.get(c.id)
    if (row === undefined) continue
    c.text = row.text
    c.languageCode = row.languageCode
    c.replyToId = row.replyToId
    c.quotedId = row.quotedId
  }
  for (const c of candidates) {
    const row = STORE.get(c.id)
    if (row === undefined) continue
    c.authorHandle = row.handle
    c.authorFollowers = row.followers
    c.isProtected = row.isProtected
  }
  for (const c of candidates) {
    const row = STORE.get(c.id)
    if (row === undefined) continue
    c.mediaCount = row.mediaCount
    c.videoDurationMs = row.videoDurationMs
  }
  for (const c of candidates) c.subscriptionAuthorId = null
  for (const c of candidates) {
    const likes = STORE.get(c.id)?.likes ?? 0
    c.likeCount = likes
    c.replyCount = likes >> 1
    c.repostCount = likes >> 2
  }
}

function scoreDirectly(candidates: readonly BenchCandidate[]): void {
  candidates.forEach((c, index) => {
    c.probabilities = rowOf(index)
    c.dwellSeconds = index % 30
  })
  for (const c of candidates) c.weightedScore = weightedSumOf(c.probabilities)
  const factors = diversityFactors(candidates)
  candidates.forEach((c, index) => {
    c.diversityFactor = factors[index] ?? 1
  })
  for (const c of candidates) {
    c.outOfNetworkFactor = c.inNetwork === true ? 1 : 0.75
    c.score = (c.weightedScore ?? 0) * (c.diversityFactor ?? 1) * c.outOfNetworkFactor
  }
}

await runBenchmark({
  name: 'pipeline-framework',
  facts: { candidates: CANDIDATE_COUNT, hydrators: 6, filters: 10, scorers: 4 },
  peer: 'direct-mutation',
  warmUpRuns: 300,
  sampleRuns: 1_000,
  variants: { 'direct-mutation': directMutation, framework },
})
