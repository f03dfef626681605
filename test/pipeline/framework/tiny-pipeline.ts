import type { PipelineConfig } from '../../../src/pipeline/framework/pipeline-config.ts'
import type { PipelineRequest } from '../../../src/pipeline/framework/candidate-pipeline.ts'
import { defineComponents } from '../../../src/pipeline/framework/define-components.ts'
import { foldCopies } from '../../../src/pipeline/framework/merge.ts'

/** A query and a candidate of no domain, for tests of the framework itself. */
export interface TinyQuery {
  readonly viewerId: string
  readonly size: number
  follows: ReadonlySet<string> | undefined
  limit: number | undefined
}

export interface TinyCandidate {
  readonly id: string
  readonly sources: readonly string[]
  text: string | null | undefined
  length: number | null | undefined
  score: number | undefined
  visible: boolean | undefined
}

export const { queryHydrator, source, hydrator, filter, scorer, selector, sideEffect } =
  defineComponents<TinyQuery, TinyCandidate>()

export function tinyQuery(fields: Partial<TinyQuery> = {}): TinyQuery {
  return { viewerId: 'viewer', size: 3, follows: undefined, limit: undefined, ...fields }
}

export function tinyCandidate(
  id: string,
  fields: Partial<Omit<TinyCandidate, 'id'>> = {},
): TinyCandidate {
  return {
    id,
    sources: ['list'],
    text: undefined,
    length: undefined,
    score: undefined,
    visible: undefined,
    ...fields,
  }
}

/** A source that brings candidates with these ids, new ones each time. */
export function listSource(name: string, ids: readonly string[]) {
  return source({
    name,
    fetch: async () => ids.map((id) => tinyCandidate(id, { sources: [name] })),
  })
}

/** Sorts by score, highest first, equal scores as they came, and keeps `count`. */
export function topSelector(count: number) {
  return selector({
    name: 'TopSelector',
    params: { count },
    select(_query, candidates) {
      const ranked = candidates.toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0))
      return { selected: ranked.slice(0, count), nonSelected: ranked.slice(count) }
    },
  })
}

type TinyConfig = PipelineConfig<TinyQuery, TinyCandidate>

/** A pipeline of a selector alone, with these parts put in. */
export function tinyConfig(parts: Partial<TinyConfig> = {}): TinyConfig {
  return {
    name: 'tiny',
    budgetMs: 10_000,
    queryHydrators: [],
    dependentQueryHydrators: [],
    sources: [],
    merge: { idOf: (candidate) => candidate.id, fold: foldCopies('sources') },
    hydrators: [],
    filters: [],
    scorers: [],
    selector: topSelector(Infinity),
    postSelectionHydrators: [],
    postSelectionFilters: [],
    resultSize: (query) => query.size,
    sideEffects: [],
    ...parts,
  }
}

/** A request at time 1,000 with a clock that stands still, so that only real timers end it. */
export function tinyRequest(parts: Partial<PipelineRequest> = {}): PipelineRequest {
  return {
    requestId: 'request-1',
    nowMs: 1_000,
    signal: new AbortController().signal,
    now: () => 1_000,
    ...parts,
  }
}

/** What keeps a promise waiting until it is opened. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
