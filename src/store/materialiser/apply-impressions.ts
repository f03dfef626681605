import type { Transaction } from 'kysely'
import { SEEN_PARAMS } from '../seen/seen.params.ts'
import { writeImpressions, type Impression } from '../seen/write-impressions.ts'
import type { Tables } from '../tables.ts'
import type { LoggedImpression } from '../training-log/logged-event.ts'

function toImpression({ postId, shownPostId, authorId, ...event }: LoggedImpression): Impression {
  return {
    ...event,
    postId: shownPostId,
    // The event names the author of what was judged: of a repost's original, not of the repost.
    postAuthorId: postId === null || postId === shownPostId ? authorId : null,
    outcomes: null,
    originalPostId: postId,
  }
}

/** Writes showings of the log; one older than rows are kept is passed over. Answers how many. */
export function applyImpressions(
  transaction: Transaction<Tables>,
  impressions: readonly LoggedImpression[],
  nowMs: number,
): Promise<number> {
  const sinceMs = nowMs - SEEN_PARAMS.impressionsKeptMs
  const kept = impressions.filter(({ atMs }) => atMs >= sinceMs)
  return writeImpressions(transaction, kept.map(toImpression), nowMs)
}
