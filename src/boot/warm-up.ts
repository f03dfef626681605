import { trustUserId, type PostId, type UserId } from '../ids.ts'
import { EMPTY_FILTER } from '../pipeline/home-feed.query.ts'
import { HOME_FEED_PARAMS } from '../pipeline/home-feed.params.ts'
import { ADMISSION_PARAMS } from '../pipeline/process.params.ts'
import type { HomeFeed } from '../pipeline/home-feed.ts'
import type { Database } from '../store/database.ts'
import type { Loaders } from '../store/loaders.ts'
import { describeError, type Logger } from '../telemetry.ts'

/** One after the other, enough for V8 to compile what every request runs. */
const ALONE = 4
/** At once: as many as gather at once open every connection of the database's pool. */
const TOGETHER = ADMISSION_PARAMS.atOnceMax

export interface WarmUpOptions {
  readonly database: Database
  readonly logger: Logger
  readonly nowMs: () => number
  readonly createLoaders: () => Loaders
}

/**
 * First requests run cold code, and may miss their deadlines: these are asked by nobody. Only that
 * none of them was answered is worth a word.
 */
export async function warmUp(homeFeed: HomeFeed, options: WarmUpOptions): Promise<void> {
  const { database, logger } = options
  const rows = await database.kysely
    .selectFrom('users')
    .select('id')
    .orderBy('id')
    .limit(ALONE + TOGETHER)
    .execute()
  const viewers = rows.map(({ id }) => trustUserId(id))
  const failures: unknown[] = []
  const ask = (viewerId: UserId) =>
    openFor(viewerId, homeFeed, options).catch((error: unknown) => failures.push(error))
  for (const viewerId of viewers.slice(0, ALONE)) await ask(viewerId)
  await Promise.all(viewers.slice(ALONE).map(ask))
  if (viewers.length === 0 || failures.length < viewers.length) return
  logger.warn('warm_up_failed', { error: describeError(failures[0]) })
}

async function openFor(
  viewerId: UserId,
  homeFeed: HomeFeed,
  { nowMs, createLoaders }: WarmUpOptions,
): Promise<void> {
  const { signal } = new AbortController()
  const request = {
    requestId: `warm-up-${viewerId}`,
    viewerId,
    filter: EMPTY_FILTER,
    countryCode: null,
    languages: [],
    alsoSeenPostIds: new Set<PostId>(),
    sessionServedPostIds: new Set<PostId>(),
    slateSize: HOME_FEED_PARAMS.request.slateSize,
    loaders: createLoaders(),
  }
  await homeFeed.open(request, { nowMs: nowMs(), signal })
}
