import type { PostId, TopicId, UserId } from '../ids.ts'
import type { EngagementCounts, MediaKind, PostRecord, UserRecord } from '../store/records.ts'

export type SourceName =
  'thunder' | 'phoenix-retrieval' | 'phoenix-topics' | 'popular-now' | 'cached-posts'

/** One factor that a scorer applied, in order, for the score breakdown. */
export interface ScoreAdjustment {
  readonly name: string
  readonly factor: number | null
  readonly before: number
  readonly after: number
}

export interface VisibilityVerdict {
  readonly action: 'allow' | 'interstitial' | 'drop'
  /** The rule that decided; null for a plain allow. */
  readonly rule: string | null
  /** Labels that the client may show beside an interstitial. */
  readonly labels: readonly string[]
}

/** A verdict on a post that an item shows beside its own. */
export interface AncillaryVerdict extends VisibilityVerdict {
  readonly role: 'original' | 'quoted' | 'parent' | 'root'
}

/**
 * A post on its way into the feed. Readonly fields come from its source. Others are each written
 * by one component: `undefined` = not hydrated (failed or not run), `null` = looked for and absent.
 */
export interface PostCandidate {
  /** This post; for a repost the repost's own id. */
  readonly id: PostId
  /** Who posted it; for a repost the reposter. */
  readonly authorId: UserId
  readonly createdAtMs: number
  /** Every source that brought it, in run order. */
  readonly sources: readonly SourceName[]
  /** Thunder's replies: [parent, root if different]; else empty. */
  readonly ancestorIds: readonly PostId[]
  /** Cosine from retrieval; null when retrieval did not bring it. */
  readonly similarity: number | null

  inNetwork: boolean | undefined
  /** Viewer and author follow each other. */
  isMutualFollow: boolean | undefined
  /** The stored post. Null = deleted or unknown. */
  core: PostRecord | null | undefined
  /** What it shows of others: a repost's original, the quoted post, parent and root. */
  related: RelatedPosts | undefined
  author: UserRecord | null | undefined
  /** Of the original, for a repost. */
  originalAuthor: UserRecord | null | undefined
  /** Handles of all whom `actorIdsOf` names, as stored; deleted accounts have none. */
  actorHandles: readonly string[] | undefined
  mediaKinds: readonly MediaKind[] | undefined
  /** Alternative texts of its media and of the quoted post's. */
  altTexts: readonly string[] | undefined
  /** Shortest video in ms; null = no video. Of the original, for a repost. */
  videoDurationMs: number | null | undefined
  /** Non-null = for subscribers of this author only. */
  subscriptionAuthorId: UserId | null | undefined
  engagementCounts: EngagementCounts | null | undefined
  /** Followed accounts that replied to it, ascending. */
  followingRepliedUserIds: readonly UserId[] | undefined
  /** What it is about; of the original, for a repost. Read only when a component asks. */
  topicIds: readonly TopicId[] | undefined
  /** The topic of the request, or of a new viewer's follows, that it answers to; null = none. */
  matchedTopicId: TopicId | null | undefined

  /** This candidate's row of the model's matrix [18], in [0, 1]; NaN = no such head. */
  probabilities: Float32Array | undefined
  /** Seconds; null = no such head. */
  dwellSeconds: number | null | undefined
  modelVersion: string | undefined
  /** Before cold start, author diversity and the out-of-network factor. */
  weightedScore: number | undefined
  /** False: the video head counted nothing (no video, too short, or too many followers). */
  videoWeightApplies: boolean | undefined
  /** Added to the weight of a reply: the author and the viewer follow each other. */
  replyWeightBoost: number | undefined
  scoredBy: 'phoenix' | 'fallback' | undefined
  /** What a cold start lifted the weighted score to; undefined = not lifted. */
  coldStartScore: number | undefined
  /** How probable its score was under the ranking's own chance, in (0, 1]; 1 = no chance. */
  propensity: number | undefined
  /** Author diversity's factor in (0, 1]. */
  diversityFactor: number | undefined
  outOfNetworkFactor: number | undefined
  /** Which window of the slate chose it: 0 first. Posts of a later window come later. */
  slateWindow: number | undefined
  /** Final; higher is earlier. */
  score: number | undefined
  visibility: VisibilityVerdict | undefined
  /** Of what it shows of others; deleted ones have none. */
  ancillaryVisibility: readonly AncillaryVerdict[] | undefined
}

/** Null = there is none, or it is deleted. */
export interface RelatedPosts {
  readonly original: PostRecord | null
  readonly quoted: PostRecord | null
  readonly parent: PostRecord | null
  readonly root: PostRecord | null
}

export type PostCandidateIdentity = Pick<
  PostCandidate,
  'id' | 'authorId' | 'createdAtMs' | 'sources' | 'ancestorIds' | 'similarity'
>

/** Every field present from the start and in one literal: one hidden class, one allocation. */
export function createPostCandidate({
  id,
  authorId,
  createdAtMs,
  sources,
  ancestorIds,
  similarity,
}: PostCandidateIdentity): PostCandidate {
  return {
    id,
    authorId,
    createdAtMs,
    sources,
    ancestorIds,
    similarity,
    inNetwork: undefined,
    isMutualFollow: undefined,
    core: undefined,
    related: undefined,
    author: undefined,
    originalAuthor: undefined,
    actorHandles: undefined,
    mediaKinds: undefined,
    altTexts: undefined,
    videoDurationMs: undefined,
    subscriptionAuthorId: undefined,
    engagementCounts: undefined,
    followingRepliedUserIds: undefined,
    topicIds: undefined,
    matchedTopicId: undefined,
    probabilities: undefined,
    dwellSeconds: undefined,
    modelVersion: undefined,
    weightedScore: undefined,
    videoWeightApplies: undefined,
    replyWeightBoost: undefined,
    scoredBy: undefined,
    coldStartScore: undefined,
    propensity: undefined,
    diversityFactor: undefined,
    outOfNetworkFactor: undefined,
    slateWindow: undefined,
    score: undefined,
    visibility: undefined,
    ancillaryVisibility: undefined,
  }
}

/** The post whose content is shown: the original of a repost, else the post itself. */
export function originalPostIdOf(candidate: Pick<PostCandidate, 'id' | 'core'>): PostId {
  return candidate.core?.repostOfPostId ?? candidate.id
}

/** Who made what is shown: the original's author for a repost, else the author. */
export function originalAuthorIdOf(candidate: Pick<PostCandidate, 'authorId' | 'core'>): UserId {
  return candidate.core?.repostOfUserId ?? candidate.authorId
}

/** When what is shown was made: of the original for a repost, as far as it is known. */
export function originalCreatedAtMsOf(
  candidate: Pick<PostCandidate, 'createdAtMs' | 'related'>,
): number {
  return candidate.related?.original?.createdAtMs ?? candidate.createdAtMs
}

/** The post that the models judge: what is shown, by whom and of when. */
export function judgedPostOf(
  candidate: Pick<PostCandidate, 'id' | 'authorId' | 'createdAtMs' | 'core' | 'related'>,
) {
  return {
    postId: originalPostIdOf(candidate),
    authorId: originalAuthorIdOf(candidate),
    createdAtMs: originalCreatedAtMsOf(candidate),
  }
}

/**
 * Everyone an item shows: author, reposted, quoted, and the authors of parent and root. The one
 * list that every block, mute and keyword rule goes by.
 */
export function actorIdsOf(
  candidate: Pick<PostCandidate, 'authorId' | 'core' | 'related'>,
): readonly UserId[] {
  const { core, related } = candidate
  const ids: UserId[] = [candidate.authorId]
  addActor(ids, core?.repostOfUserId)
  addActor(ids, core?.quotedUserId)
  addActor(ids, core?.replyToUserId)
  addActor(ids, related?.original?.quotedUserId)
  addActor(ids, related?.original?.replyToUserId)
  addActor(ids, related?.quoted?.authorId)
  addActor(ids, related?.parent?.authorId)
  addActor(ids, related?.root?.authorId)
  return ids
}

/** A list of a few: asking it is cheaper than making a set for each post. */
function addActor(ids: UserId[], id: UserId | null | undefined): void {
  if (id != null && !ids.includes(id)) ids.push(id)
}

/** What a client is told of the post that it shows: of the original, for a repost. */
export function shownVerdictOf({
  visibility,
  ancillaryVisibility,
}: Pick<PostCandidate, 'visibility' | 'ancillaryVisibility'>): VisibilityVerdict | undefined {
  if (visibility?.action !== 'allow') return visibility
  const original = ancillaryVisibility?.find(({ role }) => role === 'original')
  if (original === undefined) return visibility
  return { action: original.action, rule: original.rule, labels: original.labels }
}
