import type { BrandSafety } from './brand-safety.ts'

/** A post of the slate, as a blender of promoted posts sees it. */
export interface BlendedPost<T> {
  readonly item: T
  readonly safety: BrandSafety
}

/** A promoted post on its way between them. */
export interface BlendedAd<T> {
  readonly item: T
  /** Zero-based among posts; below 0 counts as 0. */
  readonly insertPosition: number
  mayStandBeside(post: BlendedPost<T>): boolean
}

export interface BlendRules {
  /** With fewer posts no promoted one is placed. */
  readonly postsForAdsMin: number
  /** Posts between two promoted ones: nothing closer is taken from what their seller asks. */
  readonly requestedGapMin: number
  /** What is asked for when the sellers' positions say nothing. */
  readonly spacing: Spacing
  /** Posts and promoted posts together, at most. */
  readonly resultSize: number
}

export interface Spacing {
  readonly requested: number
  readonly min: number
}

/** Posts and promoted posts in one order. What is in neither argument's result was left out. */
export type Blender = <T>(
  posts: readonly BlendedPost<T>[],
  ads: readonly BlendedAd<T>[],
  rules: BlendRules,
) => readonly T[]

/** Promoted posts whose positions say how far apart they want to be. */
const SPACING_ADS = 4

/** Spacing as the first promoted posts' positions ask for it. Source: spec/blending.md 3. */
export function spacingOf(
  ads: readonly Pick<BlendedAd<unknown>, 'insertPosition'>[],
  { requestedGapMin, spacing }: Pick<BlendRules, 'requestedGapMin' | 'spacing'>,
): Spacing {
  const positions = ads
    .slice(0, SPACING_ADS)
    .map(positionOf)
    .toSorted((a, b) => a - b)
  const gaps = positions
    .slice(1)
    .map((position, index) => position - (positions[index] ?? 0))
    .filter((gap) => gap > 0)
  const requested = Math.min(...gaps)
  if (!Number.isFinite(requested) || requested < requestedGapMin) return spacing
  return { requested, min: Math.ceil(requested / 2) }
}

export function positionOf({ insertPosition }: Pick<BlendedAd<unknown>, 'insertPosition'>): number {
  return Math.max(0, insertPosition)
}

/** Nothing to place, or too little to place it in. */
export function hasNoRoom(
  posts: readonly unknown[],
  ads: readonly unknown[],
  { postsForAdsMin }: Pick<BlendRules, 'postsForAdsMin'>,
): boolean {
  return ads.length === 0 || posts.length < postsForAdsMin
}

/** Cuts to the size, where promoted posts displace the lowest posts; none stands last. */
export function cutBlended<T>(
  blended: readonly T[],
  ads: readonly BlendedAd<T>[],
  { resultSize }: Pick<BlendRules, 'resultSize'>,
): readonly T[] {
  const cut = blended.slice(0, resultSize)
  const last = cut.at(-1)
  return ads.some(({ item }) => item === last) ? cut.slice(0, -1) : cut
}
