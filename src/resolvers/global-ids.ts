import { FeedError } from '../errors.ts'
import { toPostId, toUserId } from '../ids.ts'
import type { PostId, UserId } from '../ids.ts'

/** `post:…` */
export function toGlobalPostId(id: PostId): string {
  return `post:${id}`
}

/** `user:…` */
export function toGlobalUserId(id: UserId): string {
  return `user:${id}`
}

/** `item:post:…`: a feed item is named by what it shows. */
export function toFeedItemId(id: PostId): string {
  return `item:post:${id}`
}

const RANGE = 'a number from 1 to 9223372036854775807'

/** Long garbage is not repeated back. */
function quote(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
}

/** Accepts `post:…` and the bare number. @throws {FeedError} that names `field`. */
export function parsePostId(value: string, field: string): PostId {
  const id = toPostId(value.startsWith('post:') ? value.slice(5) : value)
  if (id !== null) return id
  throw new FeedError(
    'BAD_USER_INPUT',
    `\`${field}\` is ${quote(value)}: give a post id, post:… or ${RANGE}.`,
    { field },
  )
}

/** Accepts `user:…` and the bare number. @throws {FeedError} that names `field`. */
export function parseUserId(value: string, field: string): UserId {
  const id = toUserId(value.startsWith('user:') ? value.slice(5) : value)
  if (id !== null) return id
  throw new FeedError(
    'BAD_USER_INPUT',
    `\`${field}\` is ${quote(value)}: give a user id, user:… or ${RANGE}.`,
    { field },
  )
}

export type NodeId =
  | { readonly kind: 'post'; readonly postId: PostId }
  | { readonly kind: 'user'; readonly userId: UserId }
  | { readonly kind: 'item'; readonly postId: PostId }

/** Accepts global ids only. @throws {FeedError} that names `field`. */
export function parseNodeId(value: string, field: string): NodeId {
  const match = /^(post|user|item:post):(.*)$/.exec(value)
  const digits = match?.[2] ?? ''
  const postId = toPostId(digits)
  const userId = toUserId(digits)
  if (match?.[1] === 'post' && postId !== null) return { kind: 'post', postId }
  if (match?.[1] === 'item:post' && postId !== null) return { kind: 'item', postId }
  if (match?.[1] === 'user' && userId !== null) return { kind: 'user', userId }
  throw new FeedError(
    'BAD_USER_INPUT',
    `\`${field}\` is ${quote(value)}: give a global id, post:…, user:… or item:post:….`,
    { field },
  )
}
