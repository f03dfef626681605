import { cutBlended, hasNoRoom, spacingOf } from './blend.ts'
import type { BlendedAd, BlendedPost, BlendRules } from './blend.ts'

interface Triple<T> {
  readonly ad: BlendedAd<T>
  readonly above: BlendedPost<T>
  readonly below: BlendedPost<T>
}

/**
 * Cuts the safe posts into one group a promoted post and places it between the first two of its
 * group, unless it may not stand beside one of them: then the next is offered the same place. All
 * other posts fill the gaps in rank order, so that one who must not touch a promoted post never
 * does. The first place is always the second of the feed. Source: spec/blending.md 3.1.
 */
export function blendPartition<T>(
  posts: readonly BlendedPost<T>[],
  ads: readonly BlendedAd<T>[],
  rules: BlendRules,
): readonly T[] {
  const organic = posts.map(({ item }) => item)
  if (hasNoRoom(posts, ads, rules)) return organic
  const safe = posts.filter(({ safety }) => safety !== 'medium-risk')
  const { requested } = spacingOf(ads, rules)
  const target = Math.min(
    ads.length,
    Math.floor((posts.length - 1) / requested),
    Math.floor(safe.length / 2),
  )
  const triples = target === 0 ? [] : formTriples(safe, ads, target)
  if (triples.length === 0) return organic
  const paired = new Set(triples.flatMap(({ above, below }) => [above, below]))
  const fillers = posts.filter((post) => !paired.has(post)).map(({ item }) => item)
  return cutBlended(weave(triples, fillers), ads, rules)
}

function formTriples<T>(
  safe: readonly BlendedPost<T>[],
  ads: readonly BlendedAd<T>[],
  target: number,
): readonly Triple<T>[] {
  const groupSize = Math.floor(safe.length / target)
  const triples: Triple<T>[] = []
  for (const ad of ads) {
    const [above, below] = safe.slice(triples.length * groupSize)
    if (triples.length === target || above === undefined || below === undefined) break
    if (ad.mayStandBeside(above) && ad.mayStandBeside(below)) triples.push({ ad, above, below })
  }
  return triples
}

/** Fillers go evenly behind the triples; what does not divide goes to the last ones. */
function weave<T>(triples: readonly Triple<T>[], fillers: readonly T[]): readonly T[] {
  const share = Math.floor(fillers.length / triples.length)
  const firstWithMore = triples.length - (fillers.length % triples.length)
  let taken = 0
  return triples.flatMap(({ ad, above, below }, index) => {
    const from = taken
    taken += share + (index >= firstWithMore ? 1 : 0)
    return [above.item, ad.item, below.item, ...fillers.slice(from, taken)]
  })
}
