import { FeedError } from '../errors.ts'
import { toPostId, toTopicId, toUserId } from '../ids.ts'
import type { PostId, TopicId, UserId } from '../ids.ts'
import { isPromptName } from '../pipeline/blending/prompts.ts'

/** `post:…` */
export function toGlobalPostId(id: PostId): string {
  return `post:${id}`
}

/** `user:…` */
export function toGlobalUserId(id: UserId): string {
  return `user:${id}`
}

/** `topic:…` */
export function toGlobalTopicId(id: TopicId): string {
  return `topic:${id}`
}

/** `item:post:…`: a feed item is named by what it shows. */
export function toFeedItemId(id: PostId): string {
  return `item:post:${id}`
}

/** `item:who-to-follow:4-9`, `item:prompt:welcome`: under the name that the module has. */
export function toModuleItemId(moduleId: string): string {
  return `item:${moduleId}`
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

/** Accepts `topic:…` and the bare number. @throws {FeedError} that names `field`. */
export function parseTopicId(value: string, field: string): TopicId {
  const id = toTopicId(value.startsWith('topic:') ? value.slice(6) : value)
  if (id !== null) return id
  throw new FeedError(
    'BAD_USER_INPUT',
    `\`${field}\` is ${quote(value)}: give a topic id, topic:… or a number from 1 to 2147483647.`,
    { field },
  )
}

export type NodeId =
  | { readonly kind: 'post'; readonly postId: PostId }
  | { readonly kind: 'user'; readonly userId: UserId }
  | { readonly kind: 'item'; readonly postId: PostId }
  | { readonly kind: 'who-to-follow'; readonly userIds: readonly UserId[] }
  | { readonly kind: 'prompt'; readonly name: string }
  | { readonly kind: 'topic'; readonly topicId: TopicId }

/** Accepts global ids only. @throws {FeedError} that names `field`. */
export function parseNodeId(value: string, field: string): NodeId {
  const match = /^(post|user|topic|item:post):(.*)$/.exec(value)
  const digits = match?.[2] ?? ''
  const postId = toPostId(digits)
  const userId = toUserId(digits)
  const topicId = toTopicId(digits)
  if (match?.[1] === 'post' && postId !== null) return { kind: 'post', postId }
  if (match?.[1] === 'item:post' && postId !== null) return { kind: 'item', postId }
  if (match?.[1] === 'user' && userId !== null) return { kind: 'user', userId }
  if (match?.[1] === 'topic' && topicId !== null) return { kind: 'topic', topicId }
  const module = parseModuleId(value)
  if (module !== null) return module
  throw new FeedError(
    'BAD_USER_INPUT',
    `\`${field}\` is ${quote(value)}: give a global id, post:…, user:…, topic:… or item:post:….`,
    { field },
  )
}

const PROMPT_ID = /^item:prompt:(.*)$/s
const WHO_TO_FOLLOW_ID = /^item:who-to-follow:([0-9]+(?:-[0-9]+)*)$/
/** Accounts that one id of who-to-follow names, at most. */
const SUGGESTED_MAX = 10

function parseModuleId(value: string): NodeId | null {
  const name = PROMPT_ID.exec(value)?.[1]
  if (name !== undefined && isPromptName(name)) return { kind: 'prompt', name }
  const parts = WHO_TO_FOLLOW_ID.exec(value)?.[1]?.split('-') ?? []
  const userIds = parts.flatMap((part) => toUserId(part) ?? [])
  const isWhole = userIds.length === new Set(parts).size
  if (parts.length === 0 || parts.length > SUGGESTED_MAX || !isWhole) return null
  return { kind: 'who-to-follow', userIds }
}
