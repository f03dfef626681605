import type { UserId } from '../../ids.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'

type Lists = Pick<HomeFeedQuery, 'followedIds' | 'blockedIds' | 'blockedByIds' | 'mutedIds'>

/**
 * Whether an account may stand beside a post as one that the viewer follows: followed, and no block
 * or mute either way. A list that is not known shows nobody.
 */
export function isFaceShown(
  userId: UserId,
  { followedIds, blockedIds, blockedByIds, mutedIds }: Readonly<Lists>,
): boolean {
  if (blockedIds === undefined || blockedByIds === undefined || mutedIds === undefined) return false
  if (followedIds?.has(userId) !== true) return false
  return ![blockedIds, blockedByIds, mutedIds].some((ids) => ids.has(userId))
}
