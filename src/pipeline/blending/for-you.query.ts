import type { UserId } from '../../ids.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'
import { createHomeFeedQuery } from '../home-feed.query.ts'
import type { HomeFeedFilter, HomeFeedQuery, HomeFeedRequest } from '../home-feed.query.ts'
import type { FeedModule } from './feed-item.ts'

/** What is taken of a ranking: its posts in slate order, and the viewer's lists as it read them. */
export interface RankedPosts {
  readonly candidates: readonly PostCandidate[]
  readonly pipelineResult: { readonly query: Readonly<HomeFeedQuery> }
}

/** Where in a session a slate begins. */
export interface SlatePlace {
  /** Of its first item; above 0 where a lost session goes on. */
  readonly firstPosition: number
  /** Epoch ms: a module that was shown since was perhaps shown by this session. */
  readonly sessionStartedAtMs: number
}

/** One ask for a slate with what stands between its posts. */
export type ForYouQuery = HomeFeedQuery & {
  /** The ranking of this request's posts: it is under way while modules are looked for. */
  readonly ranking: Promise<RankedPosts>
  readonly place: SlatePlace
  /** Whether who-to-follow may be shown here again. `undefined` = not known: show none. */
  whoToFollowEligible: boolean | undefined
  /** Accounts suggested before, newest first. */
  suggestedIds: readonly UserId[] | undefined
  /** When each module was served last, epoch ms, by its name. */
  moduleServedAtMs: ReadonlyMap<string, number> | undefined
  followsNobody: boolean | undefined
}

/** A query before its hydrators. */
export function createForYouQuery(
  request: HomeFeedRequest,
  ranking: Promise<RankedPosts>,
  place: SlatePlace,
): ForYouQuery {
  return {
    ...createHomeFeedQuery(request),
    ranking,
    place,
    whoToFollowEligible: undefined,
    suggestedIds: undefined,
    moduleServedAtMs: undefined,
    followsNobody: undefined,
  }
}

/** Who asks for media, for topics, or for followed accounts only, gets nothing else. */
export function takesModules({ inNetworkOnly, mediaOnly, topics }: HomeFeedFilter): boolean {
  return !inNetworkOnly && !mediaOnly && topics.length === 0
}

/** Asks what of the modules that a session holds may still be shown. */
export type ModuleRecheckQuery = HomeFeedQuery & {
  readonly modules: readonly FeedModule[]
}
