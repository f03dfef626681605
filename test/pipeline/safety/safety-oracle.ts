import type { PostId, UserId } from '../../../src/ids.ts'
import type { PostRecord } from '../../../src/store/records.ts'
import { findMutedWord } from './keyword-oracle.ts'
import type { SafetyWorld } from './safety-world.ts'

/**
 * Who may see what, read off spec/visibility.md and spec/decisions.md and written apart from the
 * code: plain questions to a world, one after the other. Answers name the rule that hides.
 */

type Level = 'home' | 'recommendations'

const HARD_LABELS = [
  'bounce',
  'high_risk_tag',
  'spam',
  'hateful_conduct',
  'violent_speech',
  'abuse',
  'civic_integrity',
  'policy',
]
const HARD_LABELS_FOR_ALL = ['illegal', 'pdna', 'for_emergency_use_only']
const ONLY_FOR_ORIGINALS = ['nullcast', 'stale']
const ADULT_LABELS = [
  'adult',
  'gore',
  'nsfw_high_precision',
  'nsfw_high_recall',
  'nsfw_text',
  'nsfw_card_image',
]
const FLAGS = ['nsfw_user', 'nsfw_admin']
const UNRECOMMENDED = [
  ...ADULT_LABELS,
  'dmca',
  'do_not_amplify',
  'malicious_url',
  'spam_high_recall',
  'spam_suspect',
  'fosnr_abuse_insults',
]
const UNRECOMMENDED_AUTHORS = [
  'nsfw_high_recall',
  'nsfw_high_precision',
  'spam_high_recall',
  'spam_suspect',
  'spam',
  'compromised',
  'read_only',
  'impersonation_high_precision',
  'nsfw_avatar',
  'nsfw_banner',
  'abusive_high_recall',
  'nsfw_near_perfect',
  'gore',
]
const COUNTRIES_THAT_ASK_FOR_AGE = 'ar au br ca de es fr gb id it kr mx nl ph pt th'.split(' ')

/** Why this post alone may not be shown to them at this level; null = it may. */
export function hidingRule(
  world: SafetyWorld,
  viewer: UserId,
  { post, level }: { readonly post: PostRecord; readonly level: Level },
): string | null {
  const author = world.users.get(post.authorId)
  if (author === undefined) return 'no author'
  const own = viewer === post.authorId
  const follows = has(world.follows, viewer, post.authorId)
  const labels = spelled(world.moderation.get(post.id)?.labels)
  const authorLabels = spelled(world.userLabels.get(post.authorId))
  const flagged = post.sensitive || any(labels, FLAGS)
  const adultAuthor = author.isAdult || any(authorLabels, ['adult', ...FLAGS])
  if (any(labels, HARD_LABELS_FOR_ALL)) return 'hard label'
  if (post.repostOfPostId === null && any(labels, ONLY_FOR_ORIGINALS)) return 'nullcast or stale'
  if (isTakenDown(world, viewer, post)) return 'takedown'
  const trusted = world.lists.trustedAuthorIds.has(post.authorId)
  const recommended = level === 'recommendations' && !trusted
  if (recommended && flagged) return 'flagged, not recommended'
  if (own) return null

  if (author.state !== 'active') return `author ${author.state}`
  if (any(authorLabels, ['erased', 'offboarded'])) return 'author gone'
  if (world.lists.hiddenAuthorIds.has(post.authorId)) return 'author hidden'
  if (world.lists.hiddenPostIds.has(post.id)) return 'post hidden'
  if (author.isProtected && !follows) return 'protected'
  if (has(world.blocks, viewer, post.authorId)) return 'blocked'
  if (has(world.blocks, post.authorId, viewer)) return 'blocked by'
  if (has(world.mutes, viewer, post.authorId)) return 'muted'
  if (post.repostOfPostId !== null && has(world.mutedReposts, viewer, post.authorId)) {
    return 'reposts muted'
  }
  if (any(labels, HARD_LABELS)) return 'hard label'
  if ((any(labels, ADULT_LABELS) || flagged || adultAuthor) && isTooYoung(world, viewer)) {
    return 'age'
  }
  if (post.subscribersOnly && !has(world.subscriptions, viewer, post.authorId)) {
    return 'subscribers only'
  }
  if (!recommended) return null
  if (any(labels, UNRECOMMENDED)) return 'label, not recommended'
  if (adultAuthor) return 'adult author, not recommended'
  if (any(authorLabels, UNRECOMMENDED_AUTHORS)) return 'author label, not recommended'
  if (authorLabels.includes('do_not_amplify') && !follows) return 'author not amplified'
  return null
}

/** What an item of the feed shows, by role. Deleted posts are tombstones, so not shown at all. */
export function shownBy(world: SafetyWorld, item: PostRecord) {
  const original = find(world, item.repostOfPostId)
  const subject = item.repostOfPostId === null ? item : original
  const parent = find(world, subject?.replyToPostId)
  const root = subject?.replyToPostId == null ? null : find(world, subject.conversationId)
  return {
    original,
    subject,
    quoted: find(world, subject?.quotedPostId),
    parent,
    root: root?.id === parent?.id || root?.id === subject?.id ? null : root,
  }
}

/** Why an item may not be in the feed of a viewer, by whatever source; null = it may. */
export function hidingReason(world: SafetyWorld, viewer: UserId, id: PostId): string | null {
  const item = world.posts.get(id)
  if (item === undefined) return 'deleted'
  const { original, subject, quoted, parent, root } = shownBy(world, item)
  if (subject === null) return 'original deleted'
  if (original?.repostOfPostId != null) return 'repost of a repost'
  const level = has(world.follows, viewer, item.authorId) ? 'home' : 'recommendations'
  const own = hidingRule(world, viewer, { post: item, level })
  if (own !== null) return own
  const reposted = original && hidingRule(world, viewer, { post: original, level: 'home' })
  if (reposted !== null) return `original: ${reposted}`
  for (const post of [quoted, parent, root]) {
    const rule = post && hidingRule(world, viewer, { post, level: 'recommendations' })
    if (rule !== null) return `shown: ${rule}`
  }
  for (const actor of actorsOf(world, item)) {
    if (actor === viewer) continue
    if (has(world.blocks, viewer, actor)) return 'shows a blocked account'
    if (has(world.blocks, actor, viewer)) return 'shows a blocking account'
    if (has(world.mutes, viewer, actor)) return 'shows a muted account'
    const listed = world.lists.notRecommendedAuthorIds.has(actor)
    if (listed && !has(world.follows, viewer, actor)) return 'shows an account not recommended'
  }
  const word = findMutedWord(world.keywords.get(viewer) ?? [], {
    body: [item.text, subject.text],
    quoted: quoted === null ? [] : [quoted.text],
    altTexts: altTextsOf(world, [subject.id, quoted?.id]),
    handles: handlesOf(world, actorsOf(world, item)),
  })
  return word === null ? null : `muted ${word}`
}

/** Why a post is a tombstone where it is asked for by its id; null = it is shown. */
export function hidingReasonById(world: SafetyWorld, viewer: UserId, id: PostId): string | null {
  const post = world.posts.get(id)
  if (post === undefined) return 'deleted'
  const rule = hidingRule(world, viewer, { post, level: 'home' })
  if (rule !== null) return rule
  if (post.repostOfPostId !== null) {
    const original = hidingReasonById(world, viewer, post.repostOfPostId)
    if (original !== null) return `original: ${original}`
  }
  if (post.authorId === viewer) return null
  const quoted = find(world, post.quotedPostId)
  const word = findMutedWord(world.keywords.get(viewer) ?? [], {
    body: [post.text],
    quoted: quoted === null ? [] : [quoted.text],
    altTexts: altTextsOf(world, [post.id, quoted?.id]),
    handles: handlesOf(world, quoted === null ? [post.authorId] : [post.authorId, quoted.authorId]),
  })
  return word === null ? null : `muted ${word}`
}

/** Everyone whom an item shows or names: of deleted posts those whom the item itself names. */
function actorsOf(world: SafetyWorld, item: PostRecord): readonly UserId[] {
  const { original, subject, quoted, parent, root } = shownBy(world, item)
  return [
    item.authorId,
    item.repostOfUserId,
    original?.authorId,
    subject?.quotedUserId,
    subject?.replyToUserId,
    quoted?.authorId,
    parent?.authorId,
    root?.authorId,
  ].filter((id) => id != null)
}

function altTextsOf(world: SafetyWorld, ids: readonly (PostId | undefined)[]): readonly string[] {
  return ids
    .filter((id) => id !== undefined)
    .flatMap((id) => world.media.get(id) ?? [])
    .flatMap(({ altText }) => altText ?? [])
}

function handlesOf(world: SafetyWorld, ids: readonly UserId[]): readonly string[] {
  return ids.flatMap((id) => world.users.get(id)?.handle ?? [])
}

function isTakenDown(world: SafetyWorld, viewer: UserId, { id }: PostRecord): boolean {
  const countries = world.moderation.get(id)?.takedownCountries ?? []
  const own = [world.countries.get(viewer), world.accounts.get(viewer)?.country]
  return countries.some(
    (country) => country === 'xx' || own.some((each) => each?.toLowerCase() === country),
  )
}

function isTooYoung(world: SafetyWorld, viewer: UserId): boolean {
  const account = world.accounts.get(viewer)
  // The worlds are of November 2023.
  if (account?.birthYear != null) return 2023 - account.birthYear < 18
  const country = account?.country ?? world.countries.get(viewer)
  return country != null && COUNTRIES_THAT_ASK_FOR_AGE.includes(country.toLowerCase())
}

function find(world: SafetyWorld, id: PostId | null | undefined): PostRecord | null {
  return id == null ? null : (world.posts.get(id) ?? null)
}

function has(graph: SafetyWorld['follows'], from: UserId, to: UserId): boolean {
  return graph.get(from)?.has(to) === true
}

function spelled(labels: readonly string[] = []): readonly string[] {
  return labels.map((label) => label.toLowerCase().replaceAll('-', '_'))
}

function any(labels: readonly string[], wanted: readonly string[]): boolean {
  return labels.some((label) => wanted.includes(label))
}
