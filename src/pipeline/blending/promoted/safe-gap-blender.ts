import { cutBlended, hasNoRoom, positionOf, spacingOf } from './blend.ts'
import type { BlendedAd, BlendedPost, BlendRules, Spacing } from './blend.ts'

/**
 * Keeps the posts' order and places promoted posts in gaps between two safe ones, each as near to
 * where it should be as such a gap is. Gap g lies before post g. Looks at no rule of an
 * advertisement but safety. Source: spec/blending.md 3.2.
 */
export function blendSafeGap<T>(
  posts: readonly BlendedPost<T>[],
  ads: readonly BlendedAd<T>[],
  rules: BlendRules,
): readonly T[] {
  if (hasNoRoom(posts, ads, rules)) return posts.map(({ item }) => item)
  const gaps = posts.flatMap((_post, gap) =>
    gap > 0 && isSafe(posts[gap - 1]) && isSafe(posts[gap]) ? [gap] : [],
  )
  const chosen = chooseGaps(gaps, ads, spacingOf(ads, rules))
  const adByGap = new Map(chosen.map((gap, index) => [gap, ads[index]]))
  const blended = posts.flatMap(({ item }, gap) => {
    const ad = adByGap.get(gap)
    return ad === undefined ? [item] : [ad.item, item]
  })
  return cutBlended(blended, ads, rules)
}

function isSafe(post: BlendedPost<unknown> | undefined): boolean {
  return post !== undefined && post.safety !== 'medium-risk'
}

/** Ascending, one for each promoted post that finds a gap. */
function chooseGaps(
  gaps: readonly number[],
  ads: readonly BlendedAd<unknown>[],
  spacing: Spacing,
): readonly number[] {
  const chosen: number[] = []
  let ideal = ads[0] === undefined ? 0 : positionOf(ads[0])
  let min = 1
  while (chosen.length < ads.length) {
    const gap = nearestTo(
      ideal,
      gaps.filter((each) => each >= min),
    )
    if (gap === null) break
    chosen.push(gap)
    min = Math.max(ideal + spacing.min, gap + 2)
    // From where it should have been, so that one late place does not delay all that follow.
    ideal += spacing.requested
  }
  return chosen
}

/** Of two that are equally near, the smaller; null when there is none. `gaps` ascend. */
function nearestTo(ideal: number, gaps: readonly number[]): number | null {
  let nearest: number | null = null
  for (const gap of gaps) {
    if (nearest === null || Math.abs(gap - ideal) < Math.abs(nearest - ideal)) nearest = gap
  }
  return nearest
}
