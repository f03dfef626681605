import type { PostId, UserId } from '../../../src/ids.ts'
import type {
  KeywordMatch,
  KeywordSurface,
  MediaRecord,
  ModerationRecord,
  MutedKeywordRecord,
  PostRecord,
  UserRecord,
} from '../../../src/store/records.ts'
import { HOUR_MS, NOW_MS, post, quote, reply, repost, user, userId } from '../home-feed-fixtures.ts'
import { Random } from './random.ts'
import type { SafetyWorld } from './safety-world.ts'

const WORDS = ['amber', 'birch', 'cedar', 'dune', 'elm', 'fern', 'grove', 'hazel'] as const
const RARE = ['spoiler', 'finale', 'leak', '東京'] as const
const POST_LABELS = (
  'illegal pdna bounce high_risk_tag spam FOR_EMERGENCY_USE_ONLY hateful-conduct violent_speech ' +
  'abuse civic_integrity policy nullcast stale adult gore nsfw_high_precision nsfw_high_recall ' +
  'nsfw_text nsfw_card_image nsfw_admin nsfw_user dmca do_not_amplify malicious_url ' +
  'spam_high_recall spam_suspect fosnr_abuse_insults egregious_nsfw harmless'
).split(' ')
const USER_LABELS = (
  'erased offboarded adult nsfw_admin nsfw_user nsfw_high_recall nsfw_high_precision ' +
  'spam_high_recall spam_suspect spam compromised read_only impersonation_high_precision ' +
  'nsfw_avatar nsfw_banner abusive_high_recall nsfw_near_perfect gore do_not_amplify harmless'
).split(' ')
const COUNTRIES = ['de', 'us', 'xx'] as const
const USERS = 24
const POSTS = 120

/** A network of 24 accounts and about 120 posts in which every rule has something to hide. */
export function randomWorld(seed: number): SafetyWorld {
  const random = new Random(seed)
  const ids = Array.from({ length: USERS }, (_, index) => userId(index + 1))
  const users = new Map(ids.map((id) => [id, randomUser(random, id)]))
  const everyPost = randomPosts(random, ids)
  const graph = (probability: number) =>
    new Map(ids.map((id) => [id, new Set(random.some(ids, probability).filter((to) => to !== id))]))
  const pick = <T>(list: readonly T[], count: number) =>
    new Set(Array.from({ length: count }, () => random.pick(list)).filter((id) => id !== undefined))
  const notRecommendedAuthorIds = pick(ids, 1)
  const hiddenAuthorIds = pick(ids, random.below(2))
  const keptBack = [...notRecommendedAuthorIds, ...hiddenAuthorIds]
  return {
    users,
    accounts: users,
    everyPost,
    posts: new Map(random.some(everyPost, 0.95).map((each) => [each.id, each])),
    media: new Map(everyPost.map(({ id }) => [id, randomMedia(random, id)])),
    moderation: new Map(everyPost.map(({ id }) => [id, randomModeration(random)])),
    userLabels: new Map(
      ids.map((id) => [id, random.chance(0.15) ? labels(random, USER_LABELS) : []]),
    ),
    follows: graph(0.35),
    blocks: graph(0.04),
    mutes: graph(0.04),
    mutedReposts: graph(0.1),
    subscriptions: graph(0.3),
    keywords: new Map(ids.map((id) => [id, randomKeywords(random)])),
    countries: new Map(ids.map((id) => [id, random.pickOne(['de', 'us', null])])),
    lists: {
      notRecommendedAuthorIds,
      hiddenAuthorIds,
      hiddenPostIds: pick(
        everyPost.map(({ id }) => id),
        1,
      ),
      trustedAuthorIds: new Set([...pick(ids, 2)].filter((id) => !keptBack.includes(id))),
    },
  }
}

function labels(random: Random, all: readonly string[]): string[] {
  return Array.from({ length: 1 + random.below(2) }, () => random.pick(all) ?? 'harmless')
}

function randomUser(random: Random, id: UserId): UserRecord {
  return user(Number(id), {
    handle: `user${id}`,
    isProtected: random.chance(0.12),
    state: random.chance(0.06) ? random.pickOne(['suspended', 'deactivated']) : 'active',
    isAdult: random.chance(0.05),
    sensitiveOptIn: random.chance(0.4),
    birthYear: random.pickOne([1990, 1990, 2015, null]),
    country: random.pickOne(['DE', 'us', null]),
    followersCount: random.below(3_000),
  })
}

function randomText(random: Random): string {
  const words: string[] = Array.from({ length: 3 + random.below(6) }, () => random.pickOne(WORDS))
  if (random.chance(0.12)) words.push(random.pickOne(RARE))
  if (random.chance(0.06)) words.push(`#${random.pickOne(RARE)}`)
  if (random.chance(0.08)) words.push(`https://news.site.example/${random.pickOne(RARE)}`)
  if (random.chance(0.04)) words.push('other.example')
  return words.join(' ')
}

/** Posts, replies, quotes and reposts, a few of them of reposts, which the feed does not take. */
function randomPosts(random: Random, authors: readonly UserId[]): readonly PostRecord[] {
  const posts: PostRecord[] = []
  for (let index = 0; index < POSTS; index += 1) {
    const id = 1_000 + index
    const author = Number(random.pick(authors))
    const target = random.pick(posts.filter((each) => each.repostOfPostId === null))
    const odd = random.chance(0.02) ? random.pick(posts) : undefined
    const made =
      odd === undefined ? randomPost(random, { id, author, target }) : repost(id, author, odd)
    posts.push({
      ...made,
      createdAtMs: NOW_MS - random.below(40) * HOUR_MS,
      text: made.repostOfPostId === null ? randomText(random) : made.text,
      sensitive: random.chance(0.05),
      subscribersOnly: made.repostOfPostId === null && random.chance(0.06),
    })
  }
  return posts
}

interface NewPost {
  readonly id: number
  readonly author: number
  readonly target: PostRecord | undefined
}

function randomPost(random: Random, { id, author, target }: NewPost): PostRecord {
  if (target === undefined) return post(id, author)
  const kind = random.next()
  if (kind < 0.2) return repost(id, author, target)
  if (kind < 0.35) return quote(id, author, target)
  if (kind < 0.6) return reply(id, author, target)
  return post(id, author)
}

function randomMedia(random: Random, id: PostId): readonly MediaRecord[] {
  if (!random.chance(0.25)) return []
  const altText = random.chance(0.5) ? randomText(random) : null
  const size = { url: '/m', width: 1, height: 1, durationMs: null }
  return [{ postId: id, kind: 'image', altText, ...size }]
}

function randomModeration(random: Random): ModerationRecord {
  return {
    labels: random.chance(0.15) ? labels(random, POST_LABELS) : [],
    takedownCountries: random.chance(0.03) ? [random.pickOne(COUNTRIES)] : [],
  }
}

const SURFACES: readonly KeywordSurface[] = ['body', 'quoted', 'alt_text', 'author_handle', 'link']

function randomKeywords(random: Random): readonly MutedKeywordRecord[] {
  if (random.chance(0.4)) return []
  return Array.from({ length: 1 + random.below(2) }, (_, index) => {
    const match = random.pickOne<KeywordMatch>(['word', 'word', 'phrase', 'hashtag', 'domain'])
    return {
      id: String(index),
      phrase: randomPhrase(random, match),
      match,
      surfaces: random.chance(0.5) ? [] : random.some(SURFACES, 0.4),
      expiresAtMs: null,
    }
  })
}

function randomPhrase(random: Random, match: KeywordMatch): string {
  if (match === 'domain') return random.pickOne(['site.example', 'other.example', 'none.example'])
  if (match === 'phrase') return `${random.pickOne(WORDS)} ${random.pickOne(WORDS)}`
  if (match === 'word' && random.chance(0.2)) return `user${1 + random.below(USERS)}`
  return random.pickOne(RARE)
}

/** The same network a little later: people blocked, muted, deleted; the house labelled. */
export function laterWorld(world: SafetyWorld, seed: number): SafetyWorld {
  const random = new Random(seed ^ 0x5eed)
  const ids = [...world.users.keys()]
  const changed = (graph: SafetyWorld['follows'], adds: number, removes: number) =>
    new Map(
      [...graph].map(([id, to]) => {
        const left = random.some([...to], 1 - removes)
        return [id, new Set([...left, ...random.some(ids, adds)].filter((other) => other !== id))]
      }),
    )
  const users = new Map(
    [...world.users].map(([id, each]) => [id, random.chance(0.2) ? randomUser(random, id) : each]),
  )
  return {
    ...world,
    users,
    accounts: users,
    posts: new Map(random.some([...world.posts], 0.9)),
    moderation: new Map(
      [...world.moderation].map(([id, each]) => [
        id,
        random.chance(0.2) ? randomModeration(random) : each,
      ]),
    ),
    userLabels: new Map(
      ids.map((id) => [
        id,
        random.chance(0.2) ? labels(random, USER_LABELS) : (world.userLabels.get(id) ?? []),
      ]),
    ),
    follows: changed(world.follows, 0.05, 0.2),
    blocks: changed(world.blocks, 0.05, 0.2),
    mutes: changed(world.mutes, 0.05, 0.2),
    mutedReposts: changed(world.mutedReposts, 0.05, 0.2),
    subscriptions: changed(world.subscriptions, 0.05, 0.3),
    keywords: new Map(
      [...world.keywords].map(([id, each]) => [
        id,
        random.chance(0.3) ? randomKeywords(random) : each,
      ]),
    ),
  }
}
