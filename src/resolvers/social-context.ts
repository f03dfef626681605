import type { RequestContext } from '../context.ts'
import type { PostCandidate } from '../pipeline/home-feed.candidate.ts'
import { compileMutedKeywords } from '../pipeline/muted-keywords/keyword-matcher.ts'
import { isFaceShown } from '../pipeline/visibility/is-face-shown.ts'
import type { ViewerFacts } from '../pipeline/visibility/viewer-facts.ts'
import type { UserRecord } from '../store/records.ts'
import { RepliedToByFollowingType, RepostedByType, TopicMatchType } from './feed-item.types.ts'
import type { SocialContext } from './feed-item.types.ts'
import { TopicType } from './topic.types.ts'
import { UserType } from './user.types.ts'

type Shown = Pick<
  PostCandidate,
  'authorId' | 'createdAtMs' | 'followingRepliedUserIds' | 'matchedTopicId'
>

/** Why an item is here: who reposted it, who of the followed replied, or the topic asked for. */
export async function readSocialContext(
  candidate: Shown,
  { isRepost, countryCode }: { readonly isRepost: boolean; readonly countryCode: string | null },
  context: RequestContext,
): Promise<SocialContext | null> {
  const { loaders, baseUrl } = context
  if (isRepost) {
    const reposter = await loaders.users.load(candidate.authorId)
    if (reposter === null) return null
    return new RepostedByType(new UserType(reposter, baseUrl), candidate.createdAtMs)
  }
  return (await readFaces(candidate, countryCode, context)) ?? readTopicMatch(candidate, context)
}

async function readFaces(
  candidate: Shown,
  countryCode: string | null,
  context: RequestContext,
): Promise<SocialContext | null> {
  const ids = candidate.followingRepliedUserIds ?? []
  if (ids.length === 0) return null
  // The lists of now: an account that was blocked since the ranking shows its face no more.
  const facts = await context.viewerFacts(countryCode)
  const users = await Promise.all(
    ids.filter((id) => isFaceShown(id, facts)).map((id) => context.loaders.users.load(id)),
  )
  const faces = users
    .filter((user) => user !== null)
    .filter((user) => isShown(user, facts, context))
  if (faces.length === 0) return null
  return new RepliedToByFollowingType(faces.map((user) => new UserType(user, context.baseUrl)))
}

/** A topic that cannot be read explains nothing; the post is shown all the same. */
async function readTopicMatch(
  { matchedTopicId }: Shown,
  { loaders }: RequestContext,
): Promise<SocialContext | null> {
  if (matchedTopicId == null) return null
  const topic = await loaders.topics.load(matchedTopicId).catch(() => null)
  return topic === null ? null : new TopicMatchType(new TopicType(topic))
}

function isShown(user: UserRecord, facts: ViewerFacts, { services }: RequestContext): boolean {
  if (user.state !== 'active' || facts.authorLists.hiddenAuthorIds.has(user.id)) return false
  if (facts.mutedKeywords.length === 0) return true
  const matcher = compileMutedKeywords(facts.mutedKeywords, services.searchTexts)
  return matcher.find({ body: [], quoted: [], altTexts: [], handles: [user.handle] }) === null
}
