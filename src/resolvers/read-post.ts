import type { RequestContext } from '../context.ts'
import type { PostId } from '../ids.ts'
import type { VisibilityVerdict } from '../pipeline/home-feed.candidate.ts'
import { evaluateVisibility } from '../pipeline/visibility/evaluate-visibility.ts'
import { publishVerdicts } from '../pipeline/visibility/verdict-channel.ts'
import type { ViewerFacts } from '../pipeline/visibility/viewer-facts.ts'
import { unavailableReasonOf } from '../pipeline/visibility/unavailable-reason-of.ts'
import type { PostRecord } from '../store/records.ts'
import { PostType, UnavailablePostType } from './post.types.ts'

/** Which post, asked for in which country (lower case; null = not said). */
export interface PostAsk {
  readonly postId: PostId
  readonly countryCode: string | null
}

/** The post as this viewer may see it, or a tombstone that says why not. */
export async function readPost(
  { postId, countryCode }: PostAsk,
  context: RequestContext,
): Promise<PostType | UnavailablePostType> {
  const { loaders } = context
  const { searchTexts } = context.services
  const facts = await context.viewerFacts(countryCode)
  const record = await loaders.posts.load(postId)
  const reason = await unavailableReasonOf(record, { facts, loaders, searchTexts })
  if (record === null || reason !== null) {
    return new UnavailablePostType(postId, reason ?? 'DELETED')
  }
  return new PostType({ record, countryCode, verdict: await readVerdict(record, facts, context) })
}

/** A repost shows its original: a warning of that one is a warning of it. */
async function readVerdict(
  record: PostRecord,
  facts: ViewerFacts,
  context: RequestContext,
): Promise<VisibilityVerdict> {
  const verdict = evaluateVisibility('home', await readSubject(record, context), facts)
  publishVerdicts([{ ...verdict, level: 'home' }])
  if (verdict.action !== 'allow' || record.repostOfPostId === null) return verdict
  const original = await context.loaders.posts.load(record.repostOfPostId)
  return original === null ? verdict : readVerdict(original, facts, context)
}

async function readSubject(post: PostRecord, { loaders }: RequestContext) {
  const [author, moderation, authorLabels] = await Promise.all([
    loaders.users.load(post.authorId),
    loaders.postModeration.load(post.id),
    loaders.userLabels.load(post.authorId),
  ])
  return { post, author, moderation, authorLabels }
}
