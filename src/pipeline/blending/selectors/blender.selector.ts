import { SearchTexts } from '../../muted-keywords/search-text.ts'
import { SEARCH_TEXT_PARAMS } from '../../process.params.ts'
import type { FeedItem } from '../feed-item.ts'
import { selector } from '../for-you.components.ts'
import type { BlendedAd, BlendedPost } from '../promoted/blend.ts'
import { createNeighbourRule } from '../promoted/may-stand-beside.ts'
import { blendPartition } from '../promoted/partition-blender.ts'
import { blendSafeGap } from '../promoted/safe-gap-blender.ts'

export interface BlenderOptions {
  /** `safe_gap`; anything else is the partition of organic posts. */
  readonly adsBlenderType: string
  /** One-based place of who-to-follow among all before it. */
  readonly whoToFollowPosition: number
  readonly postsForAdsMin: number
  readonly requestedGapMin: number
  readonly spacingRequested: number
  readonly spacingMin: number
}

/**
 * Puts everything into one order: promoted posts between posts, then prompts at the head in their
 * order, then the first who-to-follow at its place, or at the end of what is shorter. A slate that
 * begins further down a session has that many places before it. What has no place is not selected.
 * Source: spec/blending.md 2.
 */
export function blenderSelector(
  options: BlenderOptions,
  searchTexts: SearchTexts = new SearchTexts(SEARCH_TEXT_PARAMS),
) {
  const { adsBlenderType, whoToFollowPosition, ...rest } = options
  const blend = adsBlenderType === 'safe_gap' ? blendSafeGap : blendPartition
  const rules = {
    postsForAdsMin: rest.postsForAdsMin,
    requestedGapMin: rest.requestedGapMin,
    spacing: { requested: rest.spacingRequested, min: rest.spacingMin },
  }
  return selector({
    name: 'BlenderSelector',
    reads: ['brandSafety'],
    params: { ...options },
    select({ slateSize, place }, items) {
      const blended = blend(toPosts(items), toAds(items, searchTexts), {
        ...rules,
        resultSize: slateSize,
      })
      const prompts = items.filter(({ content }) => content.kind === 'prompt')
      const [whoToFollow] = items.filter(({ content }) => content.kind === 'who-to-follow')
      const placed = [...prompts, ...blended]
      const index = Math.max(0, whoToFollowPosition - 1 - place.firstPosition)
      if (whoToFollow !== undefined) placed.splice(index, 0, whoToFollow)
      const selected = new Set(placed)
      return { selected: placed, nonSelected: items.filter((item) => !selected.has(item)) }
    },
  })
}

function toPosts(items: readonly FeedItem[]): readonly BlendedPost<FeedItem>[] {
  return items
    .filter(({ content }) => content.kind === 'post')
    .map((item) => ({ item, safety: item.brandSafety ?? 'medium-risk' }))
}

function toAds(
  items: readonly FeedItem[],
  searchTexts: SearchTexts,
): readonly BlendedAd<FeedItem>[] {
  return items.flatMap((item) => {
    const { content } = item
    if (content.kind !== 'promoted') return []
    const mayStandBeside = createNeighbourRule(content.promotion, searchTexts)
    return [
      {
        item,
        insertPosition: content.promotion.insertPosition,
        mayStandBeside: ({ item: { content: neighbour }, safety }: BlendedPost<FeedItem>) =>
          neighbour.kind === 'post' && mayStandBeside({ post: neighbour.post, safety }),
      },
    ]
  })
}
