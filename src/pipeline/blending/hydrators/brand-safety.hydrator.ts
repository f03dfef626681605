import type { Loaders } from '../../../store/loaders.ts'
import type { PostRecord } from '../../../store/records.ts'
import type { PostCandidate } from '../../home-feed.candidate.ts'
import { loadEach } from '../../hydrators/load-each.ts'
import { isModule } from '../feed-item.ts'
import type { FeedItem } from '../feed-item.ts'
import { hydrator } from '../for-you.components.ts'
import { judgeBrandSafety } from '../promoted/brand-safety.ts'
import type { BrandSafety, JudgedPost } from '../promoted/brand-safety.ts'

export interface BrandSafetyOptions {
  /** Whether anything is promoted at all. */
  readonly isNeeded: boolean
  readonly timeoutMs: number
}

/**
 * How safe each post is for an advertisement beside it, by the labels of what it shows: itself or
 * its original, and what that quotes. The visibility check has read them; this reads nothing new.
 */
export function brandSafetyHydrator({ isNeeded, timeoutMs }: BrandSafetyOptions) {
  return hydrator({
    name: 'BrandSafetyHydrator',
    writes: ['brandSafety'],
    failurePolicy: 'fail-closed',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    enable: () => isNeeded,
    async hydrate({ loaders }, items) {
      const judge = await loadJudge(loaders, items.flatMap(shownPostsOf))
      return items.map((item) => ({
        brandSafety: isModule(item.content) ? null : judge(shownPostsOf(item)),
      }))
    },
  })
}

function shownPostsOf({ content }: Pick<FeedItem, 'content'>): readonly PostRecord[] {
  return isModule(content) ? [] : postsOf(content.post)
}

function postsOf({ core, related }: Pick<PostCandidate, 'core' | 'related'>) {
  const shown = core?.repostOfPostId == null ? core : related?.original
  return [shown, related?.quoted].filter((post) => post != null)
}

async function loadJudge(
  loaders: Loaders,
  posts: readonly PostRecord[],
): Promise<(shown: readonly PostRecord[]) => BrandSafety> {
  const [moderation, authors] = await Promise.all([
    loadEach(
      loaders.postModeration,
      posts.map(({ id }) => id),
    ),
    loadEach(
      loaders.users,
      posts.map(({ authorId }) => authorId),
    ),
  ])
  return (shown) =>
    judgeBrandSafety(
      shown.map((post): JudgedPost => {
        const author = authors.get(post.authorId) ?? new Error('the author is not known')
        const labels = moderation.get(post.id) ?? new Error('labels were not read')
        return {
          post,
          moderation: author instanceof Error ? author : labels,
          isAdultAuthor: !(author instanceof Error) && author.isAdult,
        }
      }),
    )
}
