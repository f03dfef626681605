import { channel } from 'node:diagnostics_channel'
import type { Channel } from 'node:diagnostics_channel'
import type { CacheReads, Component, FailurePolicy, Stage } from './component.ts'
import type { ComponentError, ComponentErrorCode } from './component-error.ts'

/** What one run of one component did. In start order: stage by stage, list order within. */
export interface ComponentReport {
  readonly stage: Stage
  readonly component: string
  /** False: switched off for this query, and nothing else in this row means anything. */
  readonly enabled: boolean
  /** 0, or the number of the back-fill round that it ran in. */
  readonly round: number
  /** By the request's clock, like `deadlineMs`. */
  readonly startMs: number
  readonly durationMs: number
  /** Candidates given; 1 for a component of the query, 0 for a source. */
  readonly in: number
  /** Candidates patched, kept, brought or selected; 1 for a query that was filled. */
  readonly out: number
  /** Null = it asks no cache. */
  readonly cache: CacheReads | null
  readonly error: ComponentError | null
}

/**
 * A way in which the answer is worse than it should be. Beside the error codes: `partial`, some
 * candidates have no patch; `substituted`, the component itself stood in something (`degrade`).
 */
export interface Degraded {
  readonly stage: Stage
  readonly component: string
  readonly code: ComponentErrorCode | 'partial' | 'substituted'
  readonly policy: FailurePolicy
  readonly degradation: string | null
  readonly dependency: string | null
  readonly cause: unknown
}

/** Published on `homefeed:<stage>` when a component ends. Low-cardinality but for `requestId`. */
export interface ComponentMessage {
  readonly pipeline: string
  readonly component: string
  readonly stage: Stage
  readonly requestId: string
  readonly candidateCount: number
  readonly outcome: 'ok' | ComponentErrorCode | 'dropped'
  readonly durationMs: number
  /** Null = it asks no cache. */
  readonly cache: CacheReads | null
}

/** Tells the subscribers of the stage's channel; without one not even the message is made. */
export function publish(stage: Stage, toMessage: () => ComponentMessage): void {
  const stageChannel = CHANNELS[stage]
  if (stageChannel.hasSubscribers) stageChannel.publish(toMessage())
}

const CHANNELS: Readonly<Record<Stage, Channel>> = {
  'query-hydrator': channel('homefeed:query-hydrator'),
  'dependent-query-hydrator': channel('homefeed:dependent-query-hydrator'),
  source: channel('homefeed:source'),
  hydrator: channel('homefeed:hydrator'),
  filter: channel('homefeed:filter'),
  scorer: channel('homefeed:scorer'),
  selector: channel('homefeed:selector'),
  'post-selection-hydrator': channel('homefeed:post-selection-hydrator'),
  'post-selection-filter': channel('homefeed:post-selection-filter'),
  'side-effect': channel('homefeed:side-effect'),
}

/** What every component of one request shares. */
export interface RequestScope {
  readonly pipeline: string
  readonly requestId: string
  readonly nowMs: number
  readonly signal: AbortSignal
  readonly deadlineMs: number
  readonly now: () => number
}

/** One request's book-keeping: who ran, how it went. */
export class RequestRun {
  readonly scope: RequestScope
  /** Of the components that start now: 0, then the back-fill's round. */
  round = 0
  readonly #reports: ComponentRun[] = []

  constructor(scope: RequestScope) {
    this.scope = scope
  }

  /** Opens the row of a component that is about to run or to be passed over. */
  open(stage: Stage, component: Component<never>, candidateCount: number): ComponentRun {
    const row = new ComponentRun(this, { stage, component, candidateCount })
    this.#reports.push(row)
    return row
  }

  reports(): readonly ComponentReport[] {
    return this.#reports
  }

  degraded(): readonly Degraded[] {
    return this.#reports.flatMap((row) => row.degraded)
  }
}

/** One component's row, filled as it runs. */
export class ComponentRun implements ComponentReport {
  readonly stage: Stage
  readonly component: string
  readonly round: number
  readonly startMs: number
  readonly in: number
  enabled = true
  durationMs = 0
  out = 0
  cache: CacheReads | null = null
  error: ComponentError | null = null
  degraded: Degraded[] = []
  readonly #scope: RequestScope
  readonly #component: Component<never>

  constructor(
    run: RequestRun,
    about: { stage: Stage; component: Component<never>; candidateCount: number },
  ) {
    this.stage = about.stage
    this.component = about.component.name
    this.round = run.round
    this.startMs = run.scope.now()
    this.in = about.candidateCount
    this.#scope = run.scope
    this.#component = about.component
  }

  disable(): void {
    this.enabled = false
  }

  /** Ends the row, well or with an error, and tells the stage's channel. */
  close(error: ComponentError | null): void {
    this.durationMs = this.#scope.now() - this.startMs
    this.error = error
    if (error !== null) this.#degrade(error.code, error)
    const { pipeline, requestId } = this.#scope
    publish(this.stage, () => ({
      pipeline,
      component: this.component,
      stage: this.stage,
      requestId,
      candidateCount: this.in,
      outcome: error === null ? 'ok' : error.code,
      durationMs: this.durationMs,
      cache: this.cache,
    }))
  }

  /** What a cache knew, added up over the call. */
  noteCache({ hits, misses }: CacheReads): void {
    this.cache = {
      hits: hits + (this.cache?.hits ?? 0),
      misses: misses + (this.cache?.misses ?? 0),
    }
  }

  /** Some candidates got no patch; `first` says why the first of them did not. */
  notePartial(first: Error): void {
    this.#degrade('partial', first)
  }

  /** The component's own word that it stands on a substitute; the same word counts once. */
  noteSubstitute(degradation: string, dependency: string): void {
    const known = this.degraded.some(
      (entry) => entry.degradation === degradation && entry.dependency === dependency,
    )
    if (!known) this.#degrade('substituted', null, { degradation, dependency })
  }

  #degrade(
    code: Degraded['code'],
    cause: unknown,
    { degradation, dependency }: Pick<Component<never>, 'degradation' | 'dependency'> = this
      .#component,
  ): void {
    this.degraded.push({
      stage: this.stage,
      component: this.component,
      code,
      policy: this.#component.failurePolicy ?? 'fail-open',
      degradation: degradation ?? null,
      dependency: dependency ?? null,
      cause,
    })
  }
}
