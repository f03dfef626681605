/**
 * What a pipeline is made of. A component is a plain value from a factory: a name, what it reads
 * and writes, what its failure means, and one method. It never logs, times, counts or catches;
 * `run-component.ts` does that around it.
 */

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Keys of `T` that are not readonly. Identity fields are readonly: no component can claim them. */
export type WritableKeys<T> = {
  [K in keyof T]-?: Equal<Pick<T, K>, { -readonly [P in K]: T[P] }> extends true ? K : never
}[keyof T]

/** Keys of `T` that are readonly: who and what the value is. */
export type IdentityKeys<T> = Exclude<keyof T, WritableKeys<T>>

/** What a component may look at: the identity and the keys it declared. */
export type View<T, R extends keyof T> = Readonly<Pick<T, R | IdentityKeys<T>>>

/** One entry a candidate, same order. An `Error` leaves that candidate as it was. */
export type Patches<P> = readonly (P | Error)[]

/**
 * What a failure means.
 * `fail-open`: enrichment; go on without. `fail-closed`: it decides who may see what; its fields
 * stay undefined and the filters withhold what they cannot judge. `replace`: something declared in
 * `replacement` stands in.
 */
export type FailurePolicy = 'fail-open' | 'fail-closed' | 'replace'

/** Look-ups of a cache. */
export interface CacheReads {
  readonly hits: number
  readonly misses: number
}

/** What every call gets beside the query: explicit, read-only, one per request. */
export interface StageContext {
  readonly requestId: string
  /** Read once per request, so that ages agree and tests repeat. Epoch ms. */
  readonly nowMs: number
  /** Aborts at the component's deadline or when the request ends. */
  readonly signal: AbortSignal
  /** Epoch ms after which the answer of this component is not waited for. */
  readonly deadlineMs: number
  /** Says that the answer stands on a substitute, without failing: "last known good", say. */
  degrade(degradation: string, dependency: string): void
  /** Tells the component's report what a cache knew and what it did not. */
  countCache(reads: CacheReads): void
}

/** The ten stages, in run order. */
export const STAGES = [
  'query-hydrator',
  'dependent-query-hydrator',
  'source',
  'hydrator',
  'filter',
  'scorer',
  'selector',
  'post-selection-hydrator',
  'post-selection-filter',
  'side-effect',
] as const

export type Stage = (typeof STAGES)[number]

/** What every kind of component declares. */
export interface Component<Q> {
  /** The export's name in PascalCase: `ageFilter` is `AgeFilter`. */
  readonly name: string
  /** Default `fail-open`. */
  readonly failurePolicy?: FailurePolicy
  /** Needed with `replace`: what stands in, in words. */
  readonly replacement?: string
  /** Flag of the answer when it fails (`RULES_ONLY`, ...). */
  readonly degradation?: string
  /**
   * What it asks: `database`, `phoenix-ranking`. Named in the answer when it fails. A component
   * with neither this nor `timeoutMs` only computes: it still runs when the request's time is up,
   * so that rules and fallbacks hold then too.
   */
  readonly dependency?: string
  /** The component's own limit in ms, above 0; the request's remaining time is the other. */
  readonly timeoutMs?: number
  /** The numbers it works with, for `describe`. */
  readonly params?: Readonly<Record<string, unknown>>
  /** Pure and synchronous. Default: always on. */
  enable?(query: Readonly<Q>): boolean
}

/** Fills fields of the query. All of a stage run at once and see the query before the stage. */
export interface QueryHydrator<
  Q,
  W extends WritableKeys<Q> = WritableKeys<Q>,
  R extends keyof Q = keyof Q,
> extends Component<Q> {
  readonly reads?: readonly R[]
  readonly writes: readonly W[]
  hydrate(query: View<Q, R>, context: StageContext): Promise<Pick<Q, W>>
}

/**
 * Brings candidates. All sources run at once; the runner merges equal ids in list order. It writes
 * into the objects that it gets: a source makes them afresh for each request.
 */
export interface Source<Q, C> extends Component<Q> {
  /** Keys that its candidates come with, beyond the identity. */
  readonly writes?: readonly WritableKeys<C>[]
  fetch(query: Readonly<Q>, context: StageContext): Promise<readonly C[]>
}

/** Fills fields of candidates. All of a stage run at once and see the list before the stage. */
export interface Hydrator<
  Q,
  C,
  W extends WritableKeys<C> = WritableKeys<C>,
  R extends keyof C = keyof C,
> extends Component<Q> {
  readonly reads?: readonly R[]
  readonly writes: readonly W[]
  hydrate(
    query: Readonly<Q>,
    candidates: readonly View<C, R>[],
    context: StageContext,
  ): Promise<Patches<Pick<C, W>>>
}

/** Removes a candidate: `true` keeps, `false` removes, a string removes and says why. */
export type KeepPredicate<C> = (candidate: Readonly<C>, index: number) => boolean | string

/** Pure and total. `keep` is called once per request, its predicate once per candidate in order. */
export interface Filter<Q, C, R extends keyof C = keyof C> extends Component<Q> {
  readonly reads?: readonly R[]
  keep(
    query: Readonly<Q>,
    candidates: readonly View<C, R>[],
    context: Pick<StageContext, 'nowMs'>,
  ): KeepPredicate<View<C, R>>
}

/** Like a hydrator, but scorers run one after the other and see what earlier ones wrote. */
export interface Scorer<
  Q,
  C,
  W extends WritableKeys<C> = WritableKeys<C>,
  R extends keyof C = keyof C,
> extends Component<Q> {
  readonly reads?: readonly R[]
  readonly writes: readonly W[]
  score(
    query: Readonly<Q>,
    candidates: readonly View<C, R>[],
    context: StageContext,
  ): Promise<Patches<Pick<C, W>>>
}

/** What a selector answers: every candidate that it got, once, in one of two lists. */
export interface Selection<C> {
  readonly selected: readonly C[]
  /** The rest, in rank order: the reserve that back-fill draws from. */
  readonly nonSelected: readonly C[]
}

/** Orders and cuts. Exactly one a pipeline. Pure. */
export interface Selector<Q, C> extends Component<Q> {
  readonly reads?: readonly (keyof C)[]
  select(query: Readonly<Q>, candidates: readonly C[]): Selection<C>
}

/** Runs after the answer is ready; never awaited by the request, always counted. */
export interface SideEffect<Q, C> extends Component<Q> {
  run(result: SideEffectInput<Q, C>, context: StageContext): Promise<void>
}

/** A candidate that a filter took out. */
export interface Removed<C> {
  readonly candidate: C
  readonly stage: Stage
  readonly filter: string
  /** The filter's own reason; null when it gave none. */
  readonly detail: string | null
}

/** What a side effect sees: the request's query and its final lists. Shared, read-only. */
export interface SideEffectInput<Q, C> {
  readonly query: Readonly<Q>
  readonly selected: readonly Readonly<C>[]
  readonly nonSelected: readonly Readonly<C>[]
  /** By filters in run order. */
  readonly removed: readonly Removed<C>[]
}

/** A query hydrator of any keys, as a pipeline holds it. */
export interface AnyQueryHydrator<Q> extends Component<Q> {
  readonly reads?: readonly (keyof Q)[]
  readonly writes: readonly WritableKeys<Q>[]
  hydrate(query: Readonly<Q>, context: StageContext): Promise<Readonly<Partial<Q>>>
}

/** A hydrator of any keys, as a pipeline holds it. */
export interface AnyHydrator<Q, C> extends Component<Q> {
  readonly reads?: readonly (keyof C)[]
  readonly writes: readonly WritableKeys<C>[]
  hydrate(
    query: Readonly<Q>,
    candidates: readonly C[],
    context: StageContext,
  ): Promise<Patches<Readonly<Partial<C>>>>
}

/** A filter that reads any keys, as a pipeline holds it. */
export interface AnyFilter<Q, C> extends Component<Q> {
  readonly reads?: readonly (keyof C)[]
  keep(
    query: Readonly<Q>,
    candidates: readonly C[],
    context: Pick<StageContext, 'nowMs'>,
  ): KeepPredicate<C>
}

/** A scorer of any keys, as a pipeline holds it. */
export interface AnyScorer<Q, C> extends Component<Q> {
  readonly reads?: readonly (keyof C)[]
  readonly writes: readonly WritableKeys<C>[]
  score(
    query: Readonly<Q>,
    candidates: readonly C[],
    context: StageContext,
  ): Promise<Patches<Readonly<Partial<C>>>>
}
