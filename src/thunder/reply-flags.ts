import {
  CONDITIONAL,
  FLAG_REPOST,
  FLAG_SECONDARY,
  FLAG_VIDEO,
  HIDDEN,
  NEVER,
  SHOWN,
} from './entry-head.ts'
import { FIRST_LINK, SECOND_LINK, type PostLinks } from './post-links.ts'
import {
  HAS_VIDEO,
  IS_LIVE,
  IS_REPLY,
  IS_REPOST,
  IS_TOMBSTONE,
  type PostSlots,
} from './post-slots.ts'

/** What flags are made from. */
export interface PostGraph {
  readonly slots: PostSlots
  readonly links: PostLinks
}

/** Which of a post's links leads to what it reposts. */
export function repostLinkOf(state: number): number {
  return (state & IS_REPLY) === 0 ? FIRST_LINK : SECOND_LINK
}

/**
 * A live post's flags, from what it is and what its parents are now. Asked at every write that
 * changes it or a parent of it, so that reads need not look: a reply is healed when its parent
 * arrives later and goes when the parent goes.
 */
export function flagsOf(graph: PostGraph, slot: number): number {
  const { slots, links } = graph
  const state = slots.states[slot] ?? 0
  const isReply = (state & IS_REPLY) !== 0
  if ((state & IS_REPOST) === 0) {
    if (isReply) return FLAG_SECONDARY | verdictOfReply(graph, slot)
    return (state & HAS_VIDEO) === 0 ? SHOWN : SHOWN | FLAG_VIDEO
  }
  const original = slots.states[links.parentOf(slot, repostLinkOf(state))] ?? 0
  const isHidden = (original & IS_TOMBSTONE) !== 0
  // A repost shows a video when it brings one, or its original, a non-reply in the store, does.
  const shown = IS_LIVE | HAS_VIDEO
  const originalShowsVideo = (original & (shown | IS_REPLY)) === shown
  const showsVideo = !isReply && ((state & HAS_VIDEO) !== 0 || originalShowsVideo)
  const verdict = isHidden ? HIDDEN : isReply ? verdictOfReply(graph, slot) : SHOWN
  return FLAG_SECONDARY | FLAG_REPOST | verdict | (showsVideo ? FLAG_VIDEO : 0)
}

/**
 * Whether a reply belongs into a feed. An answer to an original does; an answer to an answer only
 * when that one stands right below the conversation's first post and comes from somebody whom the
 * viewer follows; what lies deeper does not. A reply that names no post does.
 */
function verdictOfReply({ slots, links }: PostGraph, slot: number): number {
  const parent = links.parentOf(slot, FIRST_LINK)
  if (parent === 0) return SHOWN
  const state = slots.states[parent] ?? 0
  if ((state & IS_LIVE) === 0) return NEVER
  if ((state & (IS_REPLY | IS_REPOST)) === 0) return SHOWN
  if ((state & IS_REPLY) === 0 || links.userOf(slot, FIRST_LINK) === 0) return NEVER
  const root = links.parentOf(parent, FIRST_LINK)
  if (root === 0) return NEVER
  const { conversations, ids } = slots
  const isRoot =
    conversations[slot * 2] === ids[root * 2] && conversations[slot * 2 + 1] === ids[root * 2 + 1]
  return isRoot ? CONDITIONAL : NEVER
}
