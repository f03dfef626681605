import { ADVISORY_LOCKS } from '../advisory-lock.ts'
import { writePositions } from '../log-positions.ts'
import { SEEN_PARAMS } from '../seen/seen.params.ts'
import { decodeLoggedEvent } from '../training-log/decode-logged-event.ts'
import type { LoggedImpression } from '../training-log/logged-event.ts'
import { applyImpressions } from './apply-impressions.ts'
import { UnusableEventError } from './field-checks.ts'
import type { MaterialiserPart } from './materialiser-part.ts'

const READER = 'impressions'

/**
 * What viewers had on their screens, for every installation: whoever owns the writes, it marks
 * posts as seen. A showing is a row, known by viewer, time and post, so events may come twice. One
 * that comes later than impressions are kept is passed over.
 */
export const impressionsPart: MaterialiserPart<LoggedImpression> = {
  reader: READER,
  lock: ADVISORY_LOCKS.impressions,
  topics: ['impressions'],
  decode(_topic, record, nowMs) {
    const event = decodeLoggedEvent(record)
    if (event.kind !== 'impression') throw new UnusableEventError('unexpected_kind')
    if (event.atMs > nowMs + SEEN_PARAMS.clockSkewMs) throw new UnusableEventError('in_the_future')
    return event
  },
  write(session, impressions, { topic, nowMs, positions }) {
    return session.transaction().execute(async (transaction) => {
      const written = await applyImpressions(transaction, impressions, nowMs)
      await writePositions(transaction, { reader: READER, topic }, positions)
      return written
    })
  },
}
