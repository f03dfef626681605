import { choiceProbabilities } from '../cold-start/choice-probabilities.ts'
import { sampleBeta } from '../cold-start/sample-beta.ts'
import type { Random } from '../cold-start/seeded-random.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'
import { scorer } from '../home-feed.components.ts'
import type { HomeFeedParams } from '../home-feed.params.ts'
import { compareByScore } from '../selectors/compare-by-score.ts'
import { descendingPlaces } from '../selectors/descending-places.ts'

export type ColdStartOptions = HomeFeedParams['coldStart'] & {
  /** Numbers in [0, 1) that depend on the seed alone. */
  random(seed: string): Random
}

type Rules = HomeFeedParams['coldStart']

type Viewed = Pick<
  PostCandidate,
  'createdAtMs' | 'core' | 'author' | 'engagementCounts' | 'weightedScore' | 'scoredBy'
>

/** A post that competes, in the order of the candidates. */
interface Entry {
  readonly index: number
  readonly score: number
  readonly candidate: Viewed
}

/** Who may be chosen, the preferred one first, and how probable that is. */
interface Choice {
  readonly chosen: Entry
  readonly probabilityOf: ReadonlyMap<Entry, number>
}

/**
 * Lifts one fresh post of a small author to the score that stands at a fixed place of the ranking,
 * so that authors whom nobody knows yet are seen at all. Before author diversity and the
 * out-of-network factor, which may lower it again. At most one post a request; none is lowered.
 * `propensity`: how probable its score was, given all but the draws of chance; 1 without any.
 * Source: spec/scoring.md 7, arm Holdout for everybody. O(n log n).
 */
export function coldStartScorer({ random, ...rules }: ColdStartOptions) {
  return scorer({
    name: 'ColdStartScorer',
    reads: ['core', 'author', 'engagementCounts', 'weightedScore', 'scoredBy'],
    writes: ['coldStartScore', 'propensity', 'score'],
    params: rules,
    enable: () => rules.enabled,
    async score(_query, candidates, { requestId, nowMs }) {
      const patches = candidates.map(({ weightedScore }) => toPatch(weightedScore, undefined, 1))
      const ranked = rank(candidates)
      const targets = ranked.slice(rules.slotMin, rules.slotMax).map(({ score }) => score)
      const eligible = ranked.filter(isEligible(ranked, rules, nowMs))
      const draw = random(requestId)
      const target = targets[Math.floor(draw() * targets.length)]
      const choice = choose(eligible, rules, draw)
      if (target === undefined || choice === null) return patches
      const lifted = Math.max(choice.chosen.score, target)
      for (const [entry, probability] of choice.probabilityOf) {
        const result = entry === choice.chosen ? lifted : entry.score
        const alike = targets.filter((each) => Math.max(entry.score, each) === result).length
        const untouched = result === entry.score ? 1 - probability : 0
        patches[entry.index] = toPatch(
          entry.score,
          result > entry.score ? result : undefined,
          (probability * alike) / targets.length + untouched,
        )
      }
      return patches
    },
  })
}

/** The score is what the scorers behind it would start from. */
function toPatch(
  weightedScore: number | undefined,
  coldStartScore: number | undefined,
  propensity: number,
) {
  return { coldStartScore, propensity, score: coldStartScore ?? weightedScore }
}

/**
 * Best first, of equal scores the earlier first. Scores of model and fallback do not compare: only
 * those of the best one's kind compete.
 */
function rank(candidates: readonly Viewed[]): readonly Entry[] {
  const best = bestOf(candidates)?.scoredBy
  if (best === undefined) return []
  const scores = new Float64Array(candidates.length)
  const entries: Entry[] = []
  candidates.forEach((candidate, index) => {
    const { weightedScore: score, scoredBy } = candidate
    if (scoredBy !== best || score === undefined) return
    scores[entries.length] = score
    entries.push({ index, score, candidate })
  })
  return descendingPlaces(scores.subarray(0, entries.length)).flatMap(
    (place) => entries[place] ?? [],
  )
}

/** The first that none comes before. */
function bestOf(candidates: readonly Viewed[]): Viewed | undefined {
  let best = candidates[0]
  for (const candidate of candidates) {
    if (best !== undefined && compareWeighted(candidate, best) < 0) best = candidate
  }
  return best
}

function compareWeighted(a: Viewed, b: Viewed): number {
  return compareByScore(
    { score: a.weightedScore, scoredBy: a.scoredBy },
    { score: b.weightedScore, scoredBy: b.scoredBy },
  )
}

/** A fresh, hardly seen post of a small author that is not at the very end of the ranking. */
function isEligible(ranked: readonly Entry[], rules: Rules, nowMs: number) {
  const scored = ranked.filter(({ score }) => score !== 0).length
  const placesMax = Math.floor(rules.positionShareMax * scored)
  return ({ candidate }: Entry, place: number): boolean => {
    const { core, author, engagementCounts } = candidate
    return (
      core != null &&
      core.replyToPostId === null &&
      core.repostOfPostId === null &&
      author != null &&
      author.followersCount <= rules.followersMax &&
      engagementCounts != null &&
      engagementCounts.views < rules.viewsMax &&
      nowMs - candidate.createdAtMs <= rules.ageMsMax &&
      place < placesMax
    )
  }
}

/** The best one; with sampling, the best one of those whose posts may be liked most. */
function choose(eligible: readonly Entry[], rules: Rules, draw: Random): Choice | null {
  const preferred = eligible.toSorted((a, b) => b.score - a.score || b.index - a.index)
  const [best] = preferred
  if (best === undefined) return null
  const { thompsonSampling, topK, priorLikes, priorPasses } = rules
  if (!thompsonSampling || topK < 1 || priorLikes <= 0 || priorPasses <= 0) {
    return { chosen: best, probabilityOf: new Map([[best, 1]]) }
  }
  const shapes = new Map(preferred.map((entry) => [entry, shapeOf(entry, rules)]))
  const sampled = eligible
    .toSorted((a, b) => a.index - b.index)
    .map((entry) => ({ entry, sample: sampleOf(shapes.get(entry), draw) }))
    .toSorted((a, b) => b.sample - a.sample)
    .slice(0, topK)
  const taken = new Set(sampled.map(({ entry }) => entry))
  const probabilities = choiceProbabilities([...shapes.values()], topK)
  return {
    chosen: preferred.find((entry) => taken.has(entry)) ?? best,
    probabilityOf: new Map(preferred.map((entry, index) => [entry, probabilities[index] ?? 0])),
  }
}

/** Likes, and views without one, each with its prior. */
function shapeOf({ candidate }: Entry, { priorLikes, priorPasses, viewScale }: Rules) {
  const likes = candidate.engagementCounts?.likes ?? 0
  const views = viewScale * (candidate.engagementCounts?.views ?? 0)
  return {
    alpha: priorLikes + Math.min(likes, views),
    beta: priorPasses + Math.max(views - likes, 0),
  }
}

function sampleOf(shape: ReturnType<typeof shapeOf> | undefined, draw: Random): number {
  const sample = shape === undefined ? Number.NaN : sampleBeta(shape, draw)
  return Number.isNaN(sample) ? 0.5 : sample
}
