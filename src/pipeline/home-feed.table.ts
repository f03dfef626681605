import type { HomeFeedDependencies } from './home-feed.dependencies.ts'
import { HOME_FEED_PARAMS, type HomeFeedParams } from './home-feed.params.ts'
import { createHomeFeedPipeline, type HomeFeedPipeline } from './home-feed.pipeline.ts'

/**
 * The pipeline to look at, not to ask: its rows are those of the running one, and each of its
 * dependencies throws when it is used.
 */
export function createHomeFeedTable(params: HomeFeedParams = HOME_FEED_PARAMS): HomeFeedPipeline {
  return createHomeFeedPipeline(nobody(), params)
}

/** Has every dependency, today's and tomorrow's; a component that only keeps it never notices. */
function nobody(): HomeFeedDependencies {
  const told = { budgetMs: undefined, now: () => 0 }
  const answer: object = new Proxy(() => undefined, {
    // A count of theirs among a row's numbers is printed as nothing.
    get: (_target, key) => (key === 'toJSON' ? undefined : answer),
    apply() {
      throw new Error('this pipeline is only looked at: it asks nobody')
    },
  })
  return new Proxy(told, {
    get: (target, key) => (key in target ? Reflect.get(target, key) : answer),
  }) as unknown as HomeFeedDependencies
}
