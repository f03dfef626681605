import type {
  Filter,
  Hydrator,
  QueryHydrator,
  Scorer,
  Selector,
  SideEffect,
  Source,
  WritableKeys,
} from './component.ts'

/** One helper a kind of component. Each returns what it gets and infers its keys. */
export interface ComponentHelpers<Q, C> {
  queryHydrator<W extends WritableKeys<Q>, R extends keyof Q = never>(
    component: QueryHydrator<Q, W, R>,
  ): QueryHydrator<Q, W, R>
  source(component: Source<Q, C>): Source<Q, C>
  hydrator<W extends WritableKeys<C>, R extends keyof C = never>(
    component: Hydrator<Q, C, W, R>,
  ): Hydrator<Q, C, W, R>
  filter<R extends keyof C = never>(component: Filter<Q, C, R>): Filter<Q, C, R>
  scorer<W extends WritableKeys<C>, R extends keyof C = never>(
    component: Scorer<Q, C, W, R>,
  ): Scorer<Q, C, W, R>
  selector(component: Selector<Q, C>): Selector<Q, C>
  sideEffect(component: SideEffect<Q, C>): SideEffect<Q, C>
}

/**
 * The helpers that declare components of one query and candidate type. Keys are stated once: what
 * `writes` names is what `hydrate` must return, and what `reads` does not name cannot be looked at
 * (identity fields can, always).
 */
export function defineComponents<Q extends object, C extends object>(): ComponentHelpers<Q, C> {
  return {
    queryHydrator: (component) => component,
    source: (component) => component,
    hydrator: (component) => component,
    filter: (component) => component,
    scorer: (component) => component,
    selector: (component) => component,
    sideEffect: (component) => component,
  }
}
