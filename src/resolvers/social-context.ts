import type { RequestContext } from '../context.ts'
import type { PostCandidate } from '../pipeline/home-feed.candidate.ts'
import { compileMutedKeywords } from '../pipeline/muted-keywords/keyword-matcher.ts'
import { isFaceShown } from '../pipeline/visibility/is-face-shown.ts'
import type { ViewerFacts } from '../pipeline/visibility/viewer-facts.ts'
import type { UserRecord } from '../store/records.ts'
import { RepliedToByFollowingType, RepostedByType } from './feed-item.types.ts'
import type { SocialContext } from './feed-item.types.ts'
import { UserType } from './user.types.ts'

type Shown = Pick<PostCandidate, 'authorId' | 'createdAtMs' | 'followingRepliedUserIds'>

/** What people have to do with an item: who reposted it, else who of the followed replied. */
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
  const ids = candidate.followingRepliedUserIds ?? []
  if (ids.length === 0) return null
  // The lists of now: an account that was blocked since the ranking shows its face no more.
  const facts = await context.viewerFacts(countryCode)
  const users = await Promise.all(
    ids.filter((id) => isFaceShown(id, facts)).map((id) => loaders.users.load(id)),
  )
  const faces = users
    .filter((user) => user !== null)
    .filter((user) => isShown(user, facts, context))
  if (faces.length === 0) return null
  return new RepliedToByFollowingType(faces.map((user) => new UserType(user, baseUrl)))
}

function isShown(user: UserRecord, facts: ViewerFacts, { services }: RequestContext): boolean {
  if (user.state !== 'active' || facts.authorLists.hiddenAuthorIds.has(user.id)) return false
  if (facts.mutedKeywords.length === 0) return true
  const matcher = compileMutedKeywords(facts.mutedKeywords, services.searchTexts)
  return matcher.find({ body: [], quoted: [], altTexts: [], handles: [user.handle] }) === null
}
