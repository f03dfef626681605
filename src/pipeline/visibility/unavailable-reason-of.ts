import type { Loaders } from '../../store/loaders.ts'
import type { PostRecord } from '../../store/records.ts'
import { compileMutedKeywords } from '../muted-keywords/keyword-matcher.ts'
import type { SearchTexts } from '../muted-keywords/search-text.ts'
import { evaluateVisibility } from './evaluate-visibility.ts'
import type { UnavailableReason } from './unavailable-reason.ts'
import type { ViewerFacts } from './viewer-facts.ts'

/** Who looks, and through which readers. */
export interface PostViewer {
  /** Null while the viewer's lists are not known: everything is then UNKNOWN. */
  readonly facts: ViewerFacts | null
  readonly loaders: Loaders
  readonly searchTexts: SearchTexts
}

/**
 * Why this viewer may not see this post where they asked for it by id or as part of another
 * (`post`, `node`, quoted, parent); null when they may. The same rules as in the feed at level
 * `home`, muted keywords included; authors see their own posts whatever they have muted. A repost
 * is as visible as its original.
 *
 * @throws what a loader throws: without an answer the post must not be shown.
 */
export async function unavailableReasonOf(
  post: PostRecord | null,
  viewer: PostViewer,
): Promise<UnavailableReason | null> {
  if (post === null) return 'DELETED'
  const { facts, loaders } = viewer
  if (facts === null) return 'UNKNOWN'
  const reason = (await ruleReasonOf(post, facts, loaders)) ?? null
  if (reason !== null) return reason
  if (post.repostOfPostId !== null) {
    const original = await loaders.posts.load(post.repostOfPostId)
    const reasonOfOriginal = await unavailableReasonOf(original, viewer)
    if (reasonOfOriginal !== null) return reasonOfOriginal
  }
  return (await isKeywordMuted(post, facts, viewer)) ? 'KEYWORD_MUTED' : null
}

async function ruleReasonOf(
  post: PostRecord,
  facts: ViewerFacts,
  loaders: Loaders,
): Promise<UnavailableReason | null> {
  const [author, moderation, authorLabels] = await Promise.all([
    loaders.users.load(post.authorId),
    loaders.postModeration.load(post.id),
    loaders.userLabels.load(post.authorId),
  ])
  const answer = evaluateVisibility('home', { post, author, moderation, authorLabels }, facts)
  return answer.action === 'drop' ? answer.reason : null
}

async function isKeywordMuted(
  post: PostRecord,
  facts: ViewerFacts,
  { loaders, searchTexts }: PostViewer,
): Promise<boolean> {
  if (facts.mutedKeywords.length === 0 || post.authorId === facts.viewerId) return false
  const quoted = post.quotedPostId === null ? null : await loaders.posts.load(post.quotedPostId)
  const shown = quoted === null ? [post] : [post, quoted]
  const [authors, media] = await Promise.all([
    Promise.all(shown.map(({ authorId }) => loaders.users.load(authorId))),
    Promise.all(shown.map(({ id }) => loaders.media.load(id))),
  ])
  const matcher = compileMutedKeywords(facts.mutedKeywords, searchTexts)
  return (
    matcher.find({
      body: [post.text],
      quoted: quoted === null ? [] : [quoted.text],
      handles: authors.flatMap((author) => author?.handle ?? []),
      altTexts: media.flat().flatMap(({ altText }) => altText ?? []),
    }) !== null
  )
}
