import type { PostId, UserId } from '../../../src/ids.ts'
import type { PostRecord } from '../../../src/store/records.ts'
import { hidingReason, hidingRule, shownBy } from './safety-oracle.ts'
import type { SafetyWorld } from './safety-world.ts'

/** What was served though a rule hides it. */
export function leaks(
  world: SafetyWorld,
  viewer: UserId,
  served: readonly PostId[],
): readonly string[] {
  return served.flatMap((id) => {
    const reason = hidingReason(world, viewer, id)
    return reason === null ? [] : [`viewer ${viewer} was shown ${id}: ${reason}`]
  })
}

/** What no rule hides and was not served, unless another item of the feed stands for it. */
export function losses(
  world: SafetyWorld,
  viewer: UserId,
  served: readonly PostId[],
): readonly string[] {
  const shown = new Set(served)
  const conversations = new Set(served.map((id) => conversationOf(world, id)))
  const candidates = [...world.posts.values()].filter((post) => isCandidate(world, viewer, post))
  const twins = new Map<PostId, number>()
  for (const post of candidates) {
    const original = originalOf(post)
    twins.set(original, (twins.get(original) ?? 0) + 1)
  }
  return candidates.flatMap((post) => {
    if (shown.has(post.id) || hidingReason(world, viewer, post.id) !== null) return []
    if ((twins.get(originalOf(post)) ?? 0) > 1) return []
    if (conversations.has(conversationOf(world, post.id))) return []
    if (mayBeStricter(world, viewer, post)) return []
    return [`viewer ${viewer} was not shown ${post.id}`]
  })
}

/** What the feed considers at all: not one's own, no reposts and replies of strangers. */
function isCandidate({ follows }: SafetyWorld, viewer: UserId, post: PostRecord): boolean {
  if (post.authorId === viewer) return false
  const inNetwork = follows.get(viewer)?.has(post.authorId) === true
  return inNetwork || (post.repostOfPostId === null && post.replyToPostId === null)
}

/** Of items with one conversation the feed shows one. */
function conversationOf(world: SafetyWorld, id: PostId): PostId {
  const post = world.posts.get(id)
  if (post === undefined) return id
  const subject = shownBy(world, post).subject ?? post
  return subject.conversationId ?? originalOf(post)
}

function originalOf({ id, repostOfPostId }: PostRecord): PostId {
  return repostOfPostId ?? id
}

/**
 * A post that another item shows, too, is judged as a recommendation for both: what only the
 * stricter level hides may then be gone.
 */
export function mayBeStricter(world: SafetyWorld, viewer: UserId, item: PostRecord): boolean {
  const { original } = shownBy(world, item)
  return [item, original].some((post) => {
    if (post === null) return false
    const stricter = hidingRule(world, viewer, { post, level: 'recommendations' })
    return stricter !== null && isShownBelow(world, post.id)
  })
}

function isShownBelow(world: SafetyWorld, id: PostId): boolean {
  return [...world.posts.values()].some((post) => {
    const { quoted, parent, root } = shownBy(world, post)
    return [quoted, parent, root].some((each) => each?.id === id)
  })
}
