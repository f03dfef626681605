import { FeedError } from '../errors.ts'
import type { PostId, TopicId } from '../ids.ts'
import type { HomeFeedFilter } from '../pipeline/home-feed.query.ts'
import { languageOf } from '../pipeline/languages.ts'
import { parsePostId, parseTopicId } from './global-ids.ts'
import type { FeedFilterInput, FeedRequestContextInput } from './home-feed-arguments.types.ts'

/** Arguments of a feed as the pipeline takes them. What they refuse, they name. */

const ALSO_SEEN_MAX = 500
const TOPICS_MAX = 100
const LANGUAGES_MAX = 20
const LANGUAGE_TAG = /^[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*$/

function requireLength(values: readonly string[], max: number, field: string): void {
  if (values.length <= max) return
  throw new FeedError(
    'BAD_USER_INPUT',
    `\`${field}\` has ${values.length} entries: give at most ${max}.`,
    { field },
  )
}

export function toFilter(filter: FeedFilterInput | null | undefined): HomeFeedFilter {
  return {
    excludeVideos: filter?.excludeVideos ?? false,
    excludeReplies: filter?.excludeReplies ?? false,
    excludeReposts: filter?.excludeReposts ?? false,
    mediaOnly: filter?.mediaOnly ?? false,
    inNetworkOnly: filter?.inNetworkOnly ?? false,
    topics: toTopics(filter?.topics, 'filter.topics'),
    excludedTopics: toTopics(filter?.excludedTopics, 'filter.excludedTopics'),
  }
}

export function toCountryCode(input: FeedRequestContextInput | null | undefined): string | null {
  if (input?.countryCode == null) return null
  if (/^[A-Za-z]{2}$/.test(input.countryCode)) return input.countryCode.toLowerCase()
  throw new FeedError(
    'BAD_USER_INPUT',
    '`context.countryCode` must be two letters, an ISO 3166-1 alpha-2 code.',
    { field: 'context.countryCode' },
  )
}

export function toAlsoSeen(input: FeedRequestContextInput | null | undefined): ReadonlySet<PostId> {
  const ids = input?.alsoSeenPostIds ?? []
  requireLength(ids, ALSO_SEEN_MAX, 'context.alsoSeenPostIds')
  return new Set(
    ids.map((id, index) =>
      // An item's id names the post that it shows.
      parsePostId(id.replace(/^item:/, ''), `context.alsoSeenPostIds[${index}]`),
    ),
  )
}

/** As `languageOf` spells them; tags that name no language say nothing. */
export function toLanguages(input: FeedRequestContextInput | null | undefined): readonly string[] {
  const tags = input?.languages ?? []
  requireLength(tags, LANGUAGES_MAX, 'context.languages')
  const languages = tags.map((tag, index) => {
    if (LANGUAGE_TAG.test(tag)) return languageOf(tag)
    const field = `context.languages[${index}]`
    throw new FeedError('BAD_USER_INPUT', `\`${field}\` must be a language tag, as \`en-GB\`.`, {
      field,
    })
  })
  return [...new Set(languages.flatMap((language) => language ?? []))]
}

function toTopics(ids: readonly string[] | null | undefined, field: string): readonly TopicId[] {
  requireLength(ids ?? [], TOPICS_MAX, field)
  return [...new Set(ids?.map((id, index) => parseTopicId(id, `${field}[${index}]`)))]
}
