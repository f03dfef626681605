import type { HomeFeedParams } from '../home-feed.params.ts'

/** How long something about a post is good for: of a young one, whose counts move, not as long. */
export function ttlByAge({ youngMs, youngTtlMs, ttlMs }: HomeFeedParams['engagementCounts']) {
  return ({ createdAtMs }: { readonly createdAtMs: number }, nowMs: number): number =>
    nowMs - createdAtMs < youngMs ? youngTtlMs : ttlMs
}
