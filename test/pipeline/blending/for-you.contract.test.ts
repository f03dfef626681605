import { expect, it } from 'vitest'
import type { FeedItem, FeedModule } from '../../../src/pipeline/blending/feed-item.ts'
import { createForYouPipeline } from '../../../src/pipeline/blending/for-you.pipeline.ts'
import type {
  ForYouQuery,
  ModuleRecheckQuery,
} from '../../../src/pipeline/blending/for-you.query.ts'
import { createModuleRecheckPipeline } from '../../../src/pipeline/blending/module-recheck.pipeline.ts'
import type { PromotedPosts } from '../../../src/pipeline/blending/promoted/promoted-posts.ts'
import { describe as describePipeline } from '../../../src/pipeline/framework/describe.ts'
import type {
  AnyFilter,
  AnyHydrator,
  AnyQueryHydrator,
  Selector,
  Source,
} from '../../../src/pipeline/framework/component.ts'
import type { StageListing } from '../../../src/pipeline/framework/pipeline-config.ts'
import { createDependencies, POSTS, PROMPT, worldCandidates } from '../contract-world.ts'
import { runComponentContract } from '../framework/component-contract.ts'
import { bareQuery, NOW_MS, userId } from '../home-feed-fixtures.ts'
import {
  bareForYouQuery,
  filledForYouQuery,
  postItem,
  promptItem,
  rankedPosts,
  suggestionItem,
} from './blending-fixtures.ts'

/** Sells the one post of the world that nobody follows or blocks. */
const promoted: PromotedPosts = {
  promotedPosts: async () => [
    {
      postId: POSTS.quote.id,
      authorId: POSTS.quote.authorId,
      createdAtMs: POSTS.quote.createdAtMs,
      impressionId: 'impression',
      insertPosition: 1,
      adjacency: null,
    },
  ],
}
const dependencies = createDependencies()
const forYou = createForYouPipeline({ ...dependencies, promoted })
const recheck = createModuleRecheckPipeline(dependencies)
const covered = new Set<string>(['AsRankedSelector'])

function find<T>(pipeline: { readonly stages: readonly StageListing<never>[] }, name: string): T {
  covered.add(name)
  const component = pipeline.stages
    .flatMap(({ components }) => components)
    .find((each) => each.name === name)
  if (component === undefined) throw new Error(`${name} is in no stage`)
  return component as T
}

const common = { nowMs: NOW_MS, opaque: ['loaders', 'ranking'] as const }
const ranked = rankedPosts(worldCandidates())
const bare = () => bareForYouQuery(ranked)
const filled = () => filledForYouQuery({}, ranked)

runComponentContract<ForYouQuery, FeedItem>({
  ...common,
  kind: 'query-hydrator',
  name: 'ModuleHistoryQueryHydrator',
  component: () => find<AnyQueryHydrator<ForYouQuery>>(forYou, 'ModuleHistoryQueryHydrator'),
  query: bare,
  bareQuery: bare,
})

for (const name of [
  'RankedPostsSource',
  'PromotedPostsSource',
  'WhoToFollowSource',
  'PromptsSource',
]) {
  runComponentContract<ForYouQuery, FeedItem>({
    ...common,
    kind: 'source',
    name,
    component: () => find<Source<ForYouQuery, FeedItem>>(forYou, name),
    query: filled,
    bareQuery: bare,
  })
}

const items = () => [
  { ...postItem(80), brandSafety: 'safe' as const },
  suggestionItem(13, 14),
  promptItem(),
]
for (const name of ['SuggestedAccountsHydrator', 'BrandSafetyHydrator']) {
  runComponentContract<ForYouQuery, FeedItem>({
    ...common,
    kind: 'hydrator',
    name,
    component: () => find<AnyHydrator<ForYouQuery, FeedItem>>(forYou, name),
    query: filled,
    candidates: () => [postItem(80), suggestionItem(13, 14), promptItem()],
    bareQuery: bare,
    bareCandidates: () => [postItem(80), suggestionItem(13, 14), promptItem()],
  })
}

runComponentContract<ForYouQuery, FeedItem>({
  ...common,
  kind: 'filter',
  name: 'EmptyModuleFilter',
  component: () => find<AnyFilter<ForYouQuery, FeedItem>>(forYou, 'EmptyModuleFilter'),
  query: filled,
  candidates: items,
  bareQuery: bare,
  bareCandidates: items,
})

runComponentContract<ForYouQuery, FeedItem>({
  ...common,
  kind: 'selector',
  name: 'BlenderSelector',
  component: () => find<Selector<ForYouQuery, FeedItem>>(forYou, 'BlenderSelector'),
  query: filled,
  candidates: items,
  bareCandidates: items,
})

const frozen: readonly FeedModule[] = [
  { kind: 'who-to-follow', userIds: [userId(13)] },
  { kind: 'prompt', prompt: PROMPT },
]
runComponentContract<ModuleRecheckQuery, FeedItem>({
  nowMs: NOW_MS,
  opaque: ['loaders'],
  kind: 'source',
  name: 'FrozenModulesSource',
  component: () => find<Source<ModuleRecheckQuery, FeedItem>>(recheck, 'FrozenModulesSource'),
  query: () => ({ ...bareQuery(), modules: frozen }),
  bareQuery: () => ({ ...bareQuery(), modules: frozen }),
})

it('runs every component of both pipelines', () => {
  const names = [...forYou.stages, ...recheck.stages].flatMap(({ components }) =>
    components.map(({ name }) => name),
  )
  const inner = ['FollowedIdsQueryHydrator', 'ViewerRelationsQueryHydrator']
  expect([...covered, ...inner].toSorted()).toEqual([...new Set(names)].toSorted())
})

const rowsOf = (pipeline: Parameters<typeof describePipeline>[0]) =>
  describePipeline(pipeline).map(({ stage, name, failurePolicy, budgetMs }) =>
    [stage, name, failurePolicy, budgetMs ?? '-'].join(' '),
  )

it('runs its components in this order', () => {
  expect(rowsOf(forYou)).toMatchInlineSnapshot(`
    [
      "query-hydrator ModuleHistoryQueryHydrator fail-open 300",
      "source RankedPostsSource fail-open 2000",
      "source PromotedPostsSource fail-open 200",
      "source WhoToFollowSource fail-open 300",
      "source PromptsSource fail-open 100",
      "hydrator SuggestedAccountsHydrator fail-closed 200",
      "hydrator BrandSafetyHydrator fail-closed 300",
      "filter EmptyModuleFilter fail-closed -",
      "selector BlenderSelector fail-open -",
    ]
  `)
  expect(rowsOf(recheck)).toMatchInlineSnapshot(`
    [
      "query-hydrator FollowedIdsQueryHydrator replace 350",
      "query-hydrator ViewerRelationsQueryHydrator fail-closed 350",
      "source FrozenModulesSource fail-open 1000",
      "hydrator SuggestedAccountsHydrator fail-closed 600",
      "filter EmptyModuleFilter fail-closed -",
      "selector AsRankedSelector fail-open -",
    ]
  `)
})
