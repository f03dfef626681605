import { AuthorPlan } from './author-plan.ts'
import { recount } from './follow-list.ts'
import { GlobalPlan } from './global-plan.ts'
import type { PostTable } from './post-table.ts'
import { ReadScope, type SlotRequest } from './read-scope.ts'
import { RETENTION_SECONDS } from './thunder.params.ts'

/** Costs in ns on one core (Zen 4): a row looked at, an entry taken; a post, a second passed. */
const COST_ROW = 6
const COST_ENTRY = 45
const COST_STEP = 12
const COST_SECOND = 0.7
/** A plan may take so many times the expected steps before the other one is asked. */
const OVERRUN = 4
/** More is collected than is needed, so that a second try is rare. */
const MARGIN = 1.25
/** How fast what was learnt follows what is seen. */
const LEARNING_RATE = 0.1
/** Timelines that hold hardly more than is asked for are read whole. */
const WHOLE_FACTOR = 2
const YIELD_MIN = 0.02

/**
 * Reads the newest posts of followed authors by the plan that should cost less. Learns, by the
 * magnitude of the follow list, what share of the followed entries ends up in answers.
 */
export class PostReader {
  readonly #table: PostTable
  readonly #scope: ReadScope
  readonly #authorPlan: AuthorPlan
  readonly #globalPlan: GlobalPlan
  readonly #yields = new Float64Array(32).fill(0.7)
  readonly #globalYields = new Float64Array(32).fill(0.7)

  constructor(table: PostTable) {
    this.#table = table
    this.#scope = new ReadScope(table.authors)
    this.#authorPlan = new AuthorPlan(table, this.#scope)
    this.#globalPlan = new GlobalPlan(table, this.#scope)
  }

  /**
   * Writes slots into `into`, newest first (second, then id), and returns how many. They hold until
   * the next write. Allocates no object.
   */
  read(request: SlotRequest, into: Int32Array, oldestSeconds: number): number {
    const { follows, plan = 'cheapest' } = request
    recount(follows, this.#table.authors, this.#table.published)
    const { newestSeconds } = this.#table.posts
    this.#scope.begin(request, oldestSeconds)
    const magnitude = 32 - Math.clz32(follows.authors.length)
    const steps = this.#expectedSteps(request, magnitude)
    const authorCost = follows.authors.length * COST_ROW + request.resultsMax * COST_ENTRY
    const globalCost = steps * COST_STEP + this.#expectedSeconds(steps) * COST_SECOND
    const isGlobal = plan === 'cheapest' ? globalCost < authorCost : plan === 'global'
    if (isGlobal && request.kind === 'posts') {
      const found = this.#globalPlan.read(into, plan === 'global' ? Infinity : steps * OVERRUN)
      if (found === request.resultsMax) this.#learnGlobal(request, magnitude)
      if (found >= 0) return found
    }
    return this.#readAuthors(request, into, newestSeconds)
  }

  /** Posts that the global plan would walk over. */
  #expectedSteps({ follows, resultsMax }: SlotRequest, magnitude: number): number {
    const share = follows.entries / Math.max(1, this.#table.posts.count)
    return resultsMax / Math.max(1e-9, share * (this.#globalYields[magnitude] ?? 1))
  }

  /** Seconds, most of them perhaps empty, that it would pass on the way. */
  #expectedSeconds(steps: number): number {
    return RETENTION_SECONDS * Math.min(1, steps / Math.max(1, this.#table.posts.count))
  }

  #learnGlobal({ follows, resultsMax }: SlotRequest, magnitude: number): void {
    const followed = (this.#globalPlan.walked * follows.entries) / this.#table.posts.count
    learn(this.#globalYields, magnitude, resultsMax / Math.max(1, followed))
  }

  #readAuthors(request: SlotRequest, into: Int32Array, newestSeconds: number): number {
    const { follows, resultsMax, kind } = request
    const { oldestSeconds } = this.#scope
    const { candidates } = this.#authorPlan
    const magnitude = 32 - Math.clz32(follows.authors.length)
    let span = this.#firstSpan(request, magnitude)
    for (;;) {
      const isWhole = span >= newestSeconds - oldestSeconds
      const threshold = isWhole ? oldestSeconds : newestSeconds - Math.ceil(span)
      this.#authorPlan.collect(follows.authors, threshold, kind)
      if (!isWhole && kind === 'posts') {
        const expected = (follows.entries * span) / RETENTION_SECONDS
        learn(this.#yields, magnitude, candidates.count / Math.max(1, expected))
      }
      if (isWhole || candidates.count >= resultsMax) break
      span *= Math.max(1.5, (MARGIN * resultsMax) / Math.max(1, candidates.count))
    }
    return candidates.takeNewest(resultsMax, into)
  }

  /** Seconds back from the newest post within which enough should be found. */
  #firstSpan({ follows, resultsMax, kind }: SlotRequest, magnitude: number): number {
    if (kind === 'videos' || follows.entries < resultsMax * WHOLE_FACTOR) return Infinity
    const share = this.#yields[magnitude] ?? 1
    return (RETENTION_SECONDS * resultsMax * MARGIN) / (follows.entries * share)
  }
}

function learn(yields: Float64Array, magnitude: number, seen: number): void {
  const known = yields[magnitude] ?? 1
  yields[magnitude] = Math.max(YIELD_MIN, known + LEARNING_RATE * (seen - known))
}
