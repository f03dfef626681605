import type { UserId } from '../ids.ts'
import type { UserRecord } from './records.ts'

/** What a viewer was shown between posts, and whether they follow anybody. */
export interface ModuleHistory {
  /** When each module was served last, epoch ms, by its name: `who-to-follow`, `prompt:welcome`. */
  readonly servedAtMs: ReadonlyMap<string, number>
  /** Accounts suggested before, newest module first; one that came twice is there twice. */
  readonly suggestedIds: readonly UserId[]
  readonly followsNobody: boolean
}

/** How much of the graph one suggestion reads: its cost, whoever the viewer is. */
export interface SuggestionBounds {
  /** Newest follows of the viewer that are looked at. */
  readonly followsMax: number
  /** Newest follows of each of them. */
  readonly followsPerFollowMax: number
  /** Authors whose posts the viewer liked most. */
  readonly likedAuthorsMax: number
  /** Followers of each such author. */
  readonly followersPerAuthorMax: number
  /** Newest actions of the viewer in which likes are looked for. */
  readonly viewerActionsMax: number
  /** Newest actions of each follower in which likes are looked for. */
  readonly actionsPerFollowerMax: number
  /** Fewer people than this connect nobody. */
  readonly connectionsMin: number
}

export interface SuggestionAsk extends SuggestionBounds {
  readonly viewerId: UserId
  readonly nowMs: number
  /** ms: older likes do not count. */
  readonly windowMs: number
  readonly excludedIds: readonly UserId[]
  readonly accountsMax: number
}

/** An account, and how many people connect the viewer with it. */
export interface SuggestedAccount {
  readonly account: UserRecord
  /** Labels that have not expired, sorted. */
  readonly labels: readonly string[]
  /** Of those whom the viewer follows, how many follow it. */
  readonly friendCount: number
  /** Of those who follow the authors that the viewer likes, how many liked a post of it. */
  readonly peerCount: number
}

/** What the database knows for modules. Each read is one statement; errors reject. */
export interface ModuleStore {
  moduleHistory(viewerId: UserId): Promise<ModuleHistory>
  /**
   * Accounts that the viewer may want to follow, those with most connections first, ties by larger
   * id. Never the viewer, whom they follow, block or mute, who blocks them, nor protected, adult or
   * inactive accounts. Labels are for the caller to judge.
   */
  suggestedAccounts(ask: SuggestionAsk): Promise<readonly SuggestedAccount[]>
}
