import type { RequestContext } from '../context.ts'
import type { PostId } from '../ids.ts'
import { evaluateVisibility } from '../pipeline/visibility/evaluate-visibility.ts'
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
  const facts = await context.viewerFacts(countryCode)
  const record = await loaders.posts.load(postId)
  const reason = await unavailableReasonOf(record, { facts, loaders })
  if (record === null || reason !== null) {
    return new UnavailablePostType(postId, reason ?? 'DELETED')
  }
  const subject = await readSubject(record, context)
  return new PostType({ record, countryCode, verdict: evaluateVisibility('home', subject, facts) })
}

async function readSubject(post: PostRecord, { loaders }: RequestContext) {
  const [author, moderation, authorLabels] = await Promise.all([
    loaders.users.load(post.authorId),
    loaders.postModeration.load(post.id),
    loaders.userLabels.load(post.authorId),
  ])
  return { post, author, moderation, authorLabels }
}
