import type { HomeFeedDependencies } from '../../pipeline/home-feed.dependencies.ts'
import type { Loaders } from '../../store/loaders.ts'

/** `fail`: every call rejects at once. `timeout`: none is ever answered. */
export type FaultMode = 'fail' | 'timeout'

/** All that a feed asks: what lives with the process, and the readers of one request. */
export interface Asked {
  readonly dependencies: HomeFeedDependencies
  createLoaders(): Loaders
}

/** Memory of this process, settings and clocks: they cannot be out of reach. */
type NotAsked =
  | 'budgetMs'
  | 'now'
  | 'safetyMemory'
  | 'requestCache'
  | 'isThunderStale'
  | 'authorLists'
  | 'countsCache'
  | 'searchTexts'
  | 'prompts'
type Part = Exclude<keyof HomeFeedDependencies, NotAsked>

/** Which dependency stands behind each part; the names are those that a degraded answer tells. */
const DEPENDENCY_OF: Readonly<Record<Part, string>> = {
  viewerStore: 'database',
  popular: 'database',
  topics: 'database',
  modules: 'database',
  candidateCache: 'candidate-cache',
  requestLog: 'request-log',
  thunder: 'thunder',
  retrieval: 'phoenix-retrieval',
  embeddings: 'phoenix-retrieval',
  ranking: 'phoenix-ranking',
}
const PARTS = Object.keys(DEPENDENCY_OF) as readonly Part[]
const DATABASE = 'database'
const EVENT_LOG = 'event-log'
const LOADERS = 'loaders'

/**
 * What can be rehearsed: whole dependencies, and single reads of the database, for example
 * `viewerStore.relations` (blocks, mutes) or `loaders.postModeration` (labels).
 */
export function listFaults({
  dependencies,
  createLoaders,
}: {
  readonly dependencies: Pick<HomeFeedDependencies, 'viewerStore'>
  createLoaders(): Loaders
}): readonly string[] {
  const reads = Object.keys(dependencies.viewerStore).map((name) => `viewerStore.${name}`)
  const loaders = Object.keys(createLoaders()).map((name) => `${LOADERS}.${name}`)
  return [...new Set(Object.values(DEPENDENCY_OF)), EVENT_LOG, ...reads.toSorted(), ...loaders]
}

/** The same with one thing dead. `fault` is one of `listFaults`. */
export function withFault(
  { dependencies, createLoaders }: Asked,
  fault: string,
  mode: FaultMode,
): Asked {
  const [part = '', method] = fault.split('.')
  if (method !== undefined && part === LOADERS) {
    return { dependencies, createLoaders: () => breakLoaders(createLoaders(), [method], mode) }
  }
  if (method !== undefined) {
    const viewerStore = breakMethods(dependencies.viewerStore, mode, [method])
    return { dependencies: { ...dependencies, viewerStore }, createLoaders }
  }
  if (fault === EVENT_LOG) {
    return { dependencies: { ...dependencies, isThunderStale: () => true }, createLoaders }
  }
  const broken: Record<string, unknown> = { ...dependencies }
  for (const each of PARTS) {
    // In process and synchronous: Thunder answers or fails, it cannot hang.
    const how = each === 'thunder' ? 'throw' : mode
    if (DEPENDENCY_OF[each] === fault) broken[each] = breakMethods(dependencies[each], how)
  }
  return {
    dependencies: broken as unknown as HomeFeedDependencies,
    createLoaders: () => {
      const loaders = createLoaders()
      return fault === DATABASE ? breakLoaders(loaders, Object.keys(loaders), mode) : loaders
    },
  }
}

function breakLoaders(loaders: Loaders, names: readonly string[], mode: FaultMode): Loaders {
  const broken: Record<string, unknown> = { ...loaders }
  for (const name of names) {
    const answer = answerOf(mode)
    broken[name] = {
      load: answer,
      // Like the real ones: an error a key, no rejection.
      loadMany: (keys: ArrayLike<unknown>) =>
        mode === 'timeout' ? answer() : Promise.resolve(Array.from(keys, () => dead())),
    }
  }
  return broken as unknown as Loaders
}

/** `names`: default all of its methods. The others work on the part itself, private fields too. */
function breakMethods<T extends object>(
  part: T,
  mode: FaultMode | 'throw',
  names?: readonly string[],
): T {
  return new Proxy(part, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      const isBroken = names === undefined || names.includes(String(key))
      return isBroken ? answerOf(mode) : value.bind(target)
    },
  })
}

function answerOf(mode: FaultMode | 'throw'): () => Promise<never> {
  switch (mode) {
    case 'fail':
      return () => Promise.reject(dead())
    case 'timeout':
      return () => new Promise<never>(() => undefined)
    case 'throw':
      return () => {
        throw dead()
      }
  }
}

function dead(): Error {
  return new Error('dead, for the rehearsal')
}
