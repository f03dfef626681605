import type { PostCandidate } from './home-feed.candidate.ts'
import type { HomeFeedQuery } from './home-feed.query.ts'

/** Asks whether posts that were ranked before may still be shown. */
export type RecheckQuery = HomeFeedQuery & {
  /** In slate order. */
  readonly ranked: readonly PostCandidate[]
}
