declare const postIdBrand: unique symbol
declare const userIdBrand: unique symbol
declare const topicIdBrand: unique symbol

/** A post's id as a decimal string, 1 to 2^63 - 1. Never a `number`: ids exceed 2^53. */
export type PostId = string & { readonly [postIdBrand]: true }
/** A user's id as a decimal string, 1 to 2^63 - 1. */
export type UserId = string & { readonly [userIdBrand]: true }
/** A row of `topics`, as a decimal string, 1 to 2^31 - 1. */
export type TopicId = string & { readonly [topicIdBrand]: true }

const ID_MAX = 2n ** 63n - 1n
const TOPIC_ID_MAX = 2n ** 31n - 1n
const DECIMAL = /^[1-9][0-9]{0,18}$/

/** First millisecond of the snowflake clock (4 November 2010). */
const SNOWFLAKE_EPOCH_MS = 1_288_834_974_657n
/** Ids below this were given out before snowflakes, or are not ours. */
const SNOWFLAKE_MIN = 1n << 32n

function isId(value: string): boolean {
  return DECIMAL.test(value) && BigInt(value) <= ID_MAX
}

/** The id when `value` is a decimal number from 1 to 2^63 - 1 without leading zeros, else null. */
export function toPostId(value: string): PostId | null {
  return isId(value) ? (value as PostId) : null
}

/** The id when `value` is a decimal number from 1 to 2^63 - 1 without leading zeros, else null. */
export function toUserId(value: string): UserId | null {
  return isId(value) ? (value as UserId) : null
}

/** The id when `value` is a decimal number from 1 to 2^31 - 1 without leading zeros, else null. */
export function toTopicId(value: string): TopicId | null {
  return isId(value) && BigInt(value) <= TOPIC_ID_MAX ? (value as TopicId) : null
}

/** For ids that come from our own tables and messages, where the range holds already. */
export function trustPostId(value: bigint | string): PostId {
  return String(value) as PostId
}

/** For ids that come from our own tables and messages, where the range holds already. */
export function trustUserId(value: bigint | string): UserId {
  return String(value) as UserId
}

/** For ids that come from our own tables, where the range holds already. */
export function trustTopicId(value: number | string): TopicId {
  return String(value) as TopicId
}

/**
 * When a snowflake was made, in ms; null when the id cannot be one: too small, or its time lies
 * after `nowMs`.
 */
export function snowflakeCreatedAtMs(id: string, nowMs: number): number | null {
  const value = BigInt(id)
  if (value < SNOWFLAKE_MIN) return null
  const createdAtMs = Number((value >> 22n) + SNOWFLAKE_EPOCH_MS)
  return createdAtMs > nowMs ? null : createdAtMs
}

/** Descending numeric order of two decimal ids without leading zeros. */
export function compareIdsDescending(a: string, b: string): number {
  if (a.length !== b.length) return b.length - a.length
  return a < b ? 1 : a > b ? -1 : 0
}
