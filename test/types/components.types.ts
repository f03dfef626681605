/**
 * Compiled, never run: `tsc` fails when a line under `@ts-expect-error` compiles after all, and
 * when any other line does not.
 */
import { createCandidatePipeline } from '../../src/pipeline/framework/candidate-pipeline.ts'
import type {
  Hydrator,
  IdentityKeys,
  View,
  WritableKeys,
} from '../../src/pipeline/framework/component.ts'
import { defineComponents } from '../../src/pipeline/framework/define-components.ts'
import { foldCopies } from '../../src/pipeline/framework/merge.ts'
import type { MergeRules } from '../../src/pipeline/framework/merge.ts'
import type { PipelineConfig } from '../../src/pipeline/framework/pipeline-config.ts'

interface Query {
  readonly viewerId: string
  follows: ReadonlySet<string> | undefined
  limit: number | undefined
}

interface Candidate {
  readonly postId: string
  readonly sources: readonly string[]
  text: string | null | undefined
  score: number | undefined
}

const { queryHydrator, source, hydrator, filter, scorer, selector } = defineComponents<
  Query,
  Candidate
>()

type Same<A, B> = [A, B] extends [B, A] ? true : false
const writable: Same<WritableKeys<Candidate>, 'text' | 'score'> = true
const identity: Same<IdentityKeys<Candidate>, 'postId' | 'sources'> = true
const view: Same<keyof View<Candidate, 'text'>, 'postId' | 'sources' | 'text'> = true

/** Keys are inferred from `writes` and `reads`, which are stated once. */
const textHydrator = hydrator({
  name: 'TextHydrator',
  writes: ['text'],
  hydrate: async (query, candidates) =>
    candidates.map(({ postId }) => (query.limit === 0 ? new Error('none') : { text: postId })),
})
const inferred: Hydrator<Query, Candidate, 'text', never> = textHydrator

hydrator({
  name: 'IdentityHydrator',
  // @ts-expect-error identity fields are readonly: nobody can claim them
  writes: ['postId'],
  hydrate: async () => [],
})

hydrator({
  name: 'UnknownKeyHydrator',
  // @ts-expect-error not a field of the candidate
  writes: ['texts'],
  hydrate: async () => [],
})

hydrator({
  name: 'WrongTypeHydrator',
  writes: ['text'],
  // @ts-expect-error text is a string
  hydrate: async (_query, candidates) => candidates.map(() => ({ text: 7 })),
})

hydrator({
  name: 'MissingKeyHydrator',
  writes: ['text', 'score'],
  // @ts-expect-error every declared key must be in the patch
  hydrate: async (_query, candidates) => candidates.map(() => ({ text: 'one' })),
})

hydrator({
  name: 'PeekingHydrator',
  reads: ['text'],
  writes: ['text'],
  hydrate: async (_query, candidates) =>
    // @ts-expect-error score is not under reads
    candidates.map(({ score }) => ({ text: String(score) })),
})

hydrator({
  name: 'NoReadsHydrator',
  writes: ['text'],
  // @ts-expect-error without reads only identity fields can be looked at
  hydrate: async (_query, candidates) => candidates.map(({ text }) => ({ text })),
})

hydrator({
  name: 'MutatingHydrator',
  reads: ['score'],
  writes: ['text'],
  hydrate: async (query, candidates) => {
    // @ts-expect-error the query is read-only
    query.limit = 1
    for (const candidate of candidates) {
      // @ts-expect-error candidates are read-only
      candidate.score = 1
    }
    // @ts-expect-error the list is read-only
    candidates.reverse()
    return candidates.map(() => ({ text: 'one' }))
  },
})

hydrator({
  name: 'MisspeltHydrator',
  // @ts-expect-error it is timeoutMs
  timeout: 200,
  writes: ['text'],
  hydrate: async (_query, candidates) => candidates.map(() => ({ text: 'one' })),
})

queryHydrator({
  name: 'PeekingQueryHydrator',
  writes: ['limit'],
  // @ts-expect-error follows is not under reads
  hydrate: async ({ follows }) => ({ limit: follows?.size }),
})

queryHydrator({
  name: 'ViewerQueryHydrator',
  // @ts-expect-error who asks is not to be rewritten
  writes: ['viewerId'],
  hydrate: () => Promise.reject(new Error('never')),
})

source({
  name: 'HalfSource',
  // @ts-expect-error a candidate has all fields from the start
  fetch: async () => [{ postId: '1', sources: [] }],
})

filter({
  name: 'PeekingFilter',
  reads: ['text'],
  // @ts-expect-error score is not under reads
  keep: () => (candidate) => candidate.score !== undefined,
})

filter({
  name: 'AsyncFilter',
  // @ts-expect-error filters are synchronous
  keep: async () => () => true,
})

filter({
  name: 'VagueFilter',
  // @ts-expect-error true, false, or a reason
  keep: () => () => undefined,
})

const idScorer = scorer({
  name: 'IdScorer',
  reads: ['score'],
  writes: ['score'],
  score: async (_query, candidates) => candidates.map(({ score }) => ({ score: (score ?? 0) + 1 })),
})

selector({
  name: 'LossySelector',
  // @ts-expect-error the rest must be handed back
  select: (_query, candidates) => ({ selected: candidates }),
})

/** Components of any keys fit in a pipeline without a cast. */
createCandidatePipeline<Query, Candidate>({
  name: 'types',
  budgetMs: 1_000,
  identity: { candidate: ['sources'] },
  queryHydrators: [],
  dependentQueryHydrators: [],
  sources: [],
  merge: { idOf: ({ postId }) => postId, fold: foldCopies('sources') },
  hydrators: [textHydrator, inferred],
  // @ts-expect-error a hydrator is no filter
  filters: [textHydrator],
  scorers: [idScorer],
  selector: {
    name: 'AllSelector',
    select: (_query, candidates) => ({ selected: candidates, nonSelected: [] }),
  },
  postSelectionHydrators: [],
  postSelectionFilters: [],
  resultSize: () => 10,
  sideEffects: [],
})

const misplaced: PipelineConfig<Query, Candidate>['identity'] = {
  // @ts-expect-error text is no identity field
  candidate: ['text'],
}

const misfolded: MergeRules<Candidate> = {
  idOf: ({ postId }) => postId,
  // @ts-expect-error not the key of a list
  fold: foldCopies('postId'),
}

export const checked = [writable, identity, view, misplaced, misfolded]
