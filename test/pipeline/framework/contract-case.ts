import type {
  AnyFilter,
  AnyHydrator,
  AnyQueryHydrator,
  AnyScorer,
  Component,
  Selector,
  SideEffect,
  Source,
  StageContext,
} from '../../../src/pipeline/framework/component.ts'

type MaybePromise<T> = T | Promise<T>

/** What every case gives. Factories make the same value afresh at each call. */
interface CaseOf<Q, T extends Component<Q>> {
  /** The component's name, written out. */
  readonly name: string
  component(): MaybePromise<T>
  /** With all fields that the component needs to show what it does. */
  query(): MaybePromise<Q>
  /** Keys of the query that hold living things (loaders): neither frozen nor compared. */
  readonly opaque?: readonly (keyof Q)[]
  /** Epoch ms. Default 1,700,000,000,000. */
  readonly nowMs?: number
  /** A query that no hydrator filled: the component must still answer. */
  bareQuery?(): MaybePromise<Q>
  /** The same component on a dependency that never answers: it must end when aborted. */
  stalled?(): MaybePromise<T>
}

interface CandidateCaseOf<Q, C, T extends Component<Q>> extends CaseOf<Q, T> {
  /** Two at least; together they show every declared key changed, or one kept and one removed. */
  candidates(): MaybePromise<readonly C[]>
  /** Candidates as a source brings them: the component must still answer. */
  bareCandidates?(): MaybePromise<readonly C[]>
}

/** One component under the contract suite, with the input that shows it at work. */
export type ContractCase<Q extends object, C extends object> =
  | ({ readonly kind: 'query-hydrator' } & CaseOf<Q, AnyQueryHydrator<Q>>)
  | ({ readonly kind: 'source' } & CaseOf<Q, Source<Q, C>>)
  | ({ readonly kind: 'hydrator' } & CandidateCaseOf<Q, C, AnyHydrator<Q, C>>)
  | ({ readonly kind: 'scorer' } & CandidateCaseOf<Q, C, AnyScorer<Q, C>>)
  | ({ readonly kind: 'filter' } & CandidateCaseOf<Q, C, AnyFilter<Q, C>>)
  | ({ readonly kind: 'selector' } & CandidateCaseOf<Q, C, Selector<Q, C>>)
  | ({
      readonly kind: 'side-effect'
      /** What the side effect changes, read before and after: the two must differ. */
      effect(): unknown
    } & CandidateCaseOf<Q, C, SideEffect<Q, C>>)

/** A case of one kind. */
export type CaseOfKind<Q extends object, C extends object, K> = Extract<
  ContractCase<Q, C>,
  { readonly kind: K }
>

/** One thing that must hold. `check` rejects when it does not. */
export interface ContractCheck {
  readonly title: string
  check(): Promise<void>
}

const NOW_MS = 1_700_000_000_000
const CALL_MS = 20_000

/** The context of a call in the suite. The deadline is of the real clock: clients go by it. */
export function contractContext(
  nowMs = NOW_MS,
  signal: AbortSignal = new AbortController().signal,
): StageContext {
  return {
    requestId: 'contract',
    nowMs,
    signal,
    deadlineMs: Date.now() + CALL_MS,
    degrade: () => undefined,
    countCache: () => undefined,
  }
}
