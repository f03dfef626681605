import type { AdmissionGate } from './admission-gate.ts'
import type {
  AnyFilter,
  AnyHydrator,
  AnyQueryHydrator,
  AnyScorer,
  Component,
  IdentityKeys,
  Selector,
  SideEffect,
  Source,
  Stage,
} from './component.ts'
import type { MergeRules } from './merge.ts'

/** A pipeline as one object literal: every component in run order. */
export interface PipelineConfig<Q extends object, C extends object> {
  readonly name: string
  /** Time of a request in ms, above 0; a caller may give less. */
  readonly budgetMs: number
  /** Bounds how many requests gather (hydrate, fetch, filter) at once; scoring is outside of it. */
  readonly admission?: AdmissionGate
  /** Identity fields of the query and of candidates that components list under `reads`. */
  readonly identity?: {
    readonly query?: readonly IdentityKeys<Q>[]
    readonly candidate?: readonly IdentityKeys<C>[]
  }
  readonly queryHydrators: readonly AnyQueryHydrator<Q>[]
  /** See what the query hydrators wrote. */
  readonly dependentQueryHydrators: readonly AnyQueryHydrator<Q>[]
  readonly sources: readonly Source<Q, C>[]
  readonly merge: MergeRules<C>
  readonly hydrators: readonly AnyHydrator<Q, C>[]
  readonly filters: readonly AnyFilter<Q, C>[]
  readonly scorers: readonly AnyScorer<Q, C>[]
  readonly selector: Selector<Q, C>
  /** Whether a short answer is filled from what the selector did not select. Default true. */
  readonly backFills?: boolean
  /** Run on the selected, and on each batch that back-fill takes from the reserve. */
  readonly postSelectionHydrators: readonly AnyHydrator<Q, C>[]
  /** Run on all that are kept so far, again after each batch. */
  readonly postSelectionFilters: readonly AnyFilter<Q, C>[]
  /** How many the answer should hold: an integer from 0. */
  resultSize(query: Readonly<Q>): number
  /** Last touch on the answer, in place. Synchronous. */
  finalize?(query: Readonly<Q>, selected: C[]): void
  readonly sideEffects: readonly SideEffect<Q, C>[]
  /** Requests whose side effects may be under way at once. Default 100. */
  readonly sideEffectBatchesMax?: number
}

/** A component as a listing sees it. */
export interface ListedComponent<Q> extends Component<Q> {
  readonly reads?: readonly PropertyKey[]
  readonly writes?: readonly PropertyKey[]
}

/** One stage and its configured components, switched on or not. */
export interface StageListing<Q> {
  readonly stage: Stage
  readonly components: readonly ListedComponent<Q>[]
}

/** All ten stages in run order, the empty ones too. */
export function listStages<Q extends object, C extends object>(
  config: PipelineConfig<Q, C>,
): readonly StageListing<Q>[] {
  return [
    { stage: 'query-hydrator', components: config.queryHydrators },
    { stage: 'dependent-query-hydrator', components: config.dependentQueryHydrators },
    { stage: 'source', components: config.sources },
    { stage: 'hydrator', components: config.hydrators },
    { stage: 'filter', components: config.filters },
    { stage: 'scorer', components: config.scorers },
    { stage: 'selector', components: [config.selector] },
    { stage: 'post-selection-hydrator', components: config.postSelectionHydrators },
    { stage: 'post-selection-filter', components: config.postSelectionFilters },
    { stage: 'side-effect', components: config.sideEffects },
  ]
}
