import { fatigueNameOf } from '../pipeline/blending/feed-item.ts'
import type { SlateItem } from '../pipeline/blending/for-you-feed.ts'
import {
  createPostCandidate,
  originalAuthorIdOf,
  originalCreatedAtMsOf,
  originalPostIdOf,
  shownVerdictOf,
} from '../pipeline/home-feed.candidate.ts'
import type { PostCandidate } from '../pipeline/home-feed.candidate.ts'
import type { OpenedFeed, RankedFeed } from '../pipeline/home-feed.ts'
import type { ServedModule, ServedPost, ServedRecord } from '../store/viewer-store.ts'
import type { PickedEntry, PickedModule, PickedPost } from './cut-page.ts'
import type { SessionEntry, SlateEntry, SlateRanking } from './feed-session.ts'

type EntryRanking = Pick<SlateRanking, 'requestId' | 'rankedAtMs' | 'weightsVersion' | 'params'>

/**
 * A candidate as a session keeps it for half an hour: identity, scores and why it is there. Facts
 * go, so that a later check that cannot read them has none and withholds the post; and the
 * probabilities leave the matrix of all candidates, which would otherwise stay in memory with them.
 */
export function toSlateEntry(ranked: PostCandidate, ranking: EntryRanking): SlateEntry {
  const candidate = createPostCandidate(ranked)
  candidate.probabilities = ranked.probabilities?.slice()
  candidate.dwellSeconds = ranked.dwellSeconds
  candidate.modelVersion = ranked.modelVersion
  candidate.weightedScore = ranked.weightedScore
  candidate.videoWeightApplies = ranked.videoWeightApplies
  candidate.replyWeightBoost = ranked.replyWeightBoost
  candidate.scoredBy = ranked.scoredBy
  candidate.coldStartScore = ranked.coldStartScore
  candidate.propensity = ranked.propensity
  candidate.diversityFactor = ranked.diversityFactor
  candidate.outOfNetworkFactor = ranked.outOfNetworkFactor
  candidate.slateWindow = ranked.slateWindow
  candidate.score = ranked.score
  candidate.followingRepliedUserIds = ranked.followingRepliedUserIds
  candidate.matchedTopicId = ranked.matchedTopicId
  return {
    kind: 'post',
    candidate,
    verdict: shownVerdictOf(ranked),
    originalPostId: originalPostIdOf(ranked),
    originalAuthorId: originalAuthorIdOf(ranked),
    originalCreatedAtMs: originalCreatedAtMsOf(ranked),
    requestId: ranking.requestId,
    rankedAtMs: ranking.rankedAtMs,
    weightsVersion: ranking.weightsVersion,
    params: ranking.params,
  }
}

/** A ranking as the slate of a session that has passed its modules. */
export function withoutModules(ranked: RankedFeed): OpenedFeed {
  return { ...ranked, items: ranked.candidates.map((post) => ({ kind: 'post', post })) }
}

export function toSessionEntry(item: SlateItem, ranking: EntryRanking): SessionEntry {
  if (item.kind === 'post') return toSlateEntry(item.post, ranking)
  return { kind: 'module', module: item, requestId: ranking.requestId }
}

/** What is remembered of entries that a page returned. */
export function toServed(
  picked: readonly PickedEntry[],
): Required<Pick<ServedRecord, 'posts' | 'modules'>> {
  return {
    posts: picked.flatMap((each) => (each.kind === 'post' ? [toServedPost(each)] : [])),
    modules: picked.flatMap((each) => (each.kind === 'module' ? [toServedModule(each)] : [])),
  }
}

function toServedModule({ module }: PickedModule): ServedModule {
  const userIds = module.kind === 'who-to-follow' ? module.userIds : []
  return { module: fatigueNameOf(module), userIds }
}

/** What is remembered of an entry that a page returned. */
export function toServedPost({ entry, position }: PickedPost): ServedPost {
  const { candidate } = entry
  return {
    postId: candidate.id,
    originalPostId: entry.originalPostId,
    authorId: entry.originalAuthorId,
    createdAtMs: entry.originalCreatedAtMs,
    requestId: entry.requestId,
    rankedAtMs: entry.rankedAtMs,
    slatePosition: position,
    source: candidate.sources.includes('thunder') ? 'in_network' : 'retrieval',
    // Without a cold start nothing is shown by chance.
    propensity: candidate.propensity ?? 1,
    modelVersion: candidate.modelVersion ?? null,
    weightsVersion: entry.weightsVersion,
  }
}
