import { LRUCache } from 'lru-cache'
import { createForYouFeed, type ForYouFeed } from './blending/for-you-feed.ts'
import { AdmissionGate } from './framework/admission-gate.ts'
import type { PipelineRequest, PipelineResult } from './framework/candidate-pipeline.ts'
import type { PostCandidate } from './home-feed.candidate.ts'
import type { HomeFeedDependencies } from './home-feed.dependencies.ts'
import { createHomeFeedPipeline, type HomeFeedPipeline } from './home-feed.pipeline.ts'
import type { HomeFeedQuery } from './home-feed.query.ts'
import { DEFAULT_SETTINGS, type FeedSettings } from './params/feed-settings.ts'
import { ADMISSION_PARAMS } from './process.params.ts'
import { createRecheckPipeline, type RecheckPipeline } from './recheck.pipeline.ts'

/** The pipelines of one set of settings. */
export interface PipelinePair {
  readonly pipeline: HomeFeedPipeline
  readonly recheckPipeline: RecheckPipeline
  /** The outer pipeline around `pipeline`. */
  readonly forYou: ForYouFeed
  /** Runs `pipeline`; its side effects are waited for by `PipelineVariants.drain`. */
  execute(
    query: HomeFeedQuery,
    request: PipelineRequest,
  ): Promise<PipelineResult<HomeFeedQuery, PostCandidate>>
}

export interface PipelineVariantsOptions {
  /** Pairs kept beside the default one, at least 1; the one unused for longest goes first. */
  readonly variantsMax: number
}

/**
 * A pair of pipelines for each set of settings that requests ask for, built at the first. All share
 * dependencies and one admission gate, and run under one name, so that metrics count them together.
 */
export class PipelineVariants {
  readonly #dependencies: HomeFeedDependencies
  readonly #admission = new AdmissionGate(ADMISSION_PARAMS)
  readonly #byDefault: PipelinePair
  readonly #others: LRUCache<string, PipelinePair>
  /** Side effects under way, of pipelines that are no longer kept too. */
  readonly #draining = new Map<HomeFeedPipeline, Promise<void>>()

  constructor(dependencies: HomeFeedDependencies, { variantsMax }: PipelineVariantsOptions) {
    this.#dependencies = dependencies
    this.#others = new LRUCache({ max: variantsMax })
    this.#byDefault = this.#build(DEFAULT_SETTINGS)
  }

  /** Beside the default one. */
  get size(): number {
    return this.#others.size
  }

  of(settings: FeedSettings): PipelinePair {
    if (settings.digest === DEFAULT_SETTINGS.digest) return this.#byDefault
    const known = this.#others.get(settings.digest)
    if (known !== undefined) return known
    const built = this.#build(settings)
    this.#others.set(settings.digest, built)
    return built
  }

  /** Waits for the side effects of every pipeline. */
  async drain(): Promise<void> {
    await this.#byDefault.pipeline.drain()
    await Promise.all(this.#draining.values())
  }

  #build({ params, switchedOff, weightsVersion }: FeedSettings): PipelinePair {
    const pipeline = createHomeFeedPipeline(this.#dependencies, params, {
      switchedOff,
      weightsVersion,
      admission: this.#admission,
    })
    return {
      pipeline,
      recheckPipeline: createRecheckPipeline(this.#dependencies, params),
      // Nothing is promoted: the schema has no way yet to say that an item is.
      forYou: createForYouFeed({ ...this.#dependencies, promoted: null }, params),
      execute: async (query, request) => {
        const result = await pipeline.execute(query, request)
        if (pipeline !== this.#byDefault.pipeline) this.#drainLater(pipeline)
        return result
      },
    }
  }

  #drainLater(pipeline: HomeFeedPipeline): void {
    if (this.#draining.has(pipeline)) return
    const drained = pipeline.drain().then(() => {
      this.#draining.delete(pipeline)
    })
    this.#draining.set(pipeline, drained)
  }
}
