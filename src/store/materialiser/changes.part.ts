import { ADVISORY_LOCKS } from '../advisory-lock.ts'
import type { Change } from './change.ts'
import { decodeChange } from './decode-change.ts'
import type { MaterialiserPart } from './materialiser-part.ts'
import { MATERIALISER, writeChanges } from './write-changes.ts'

/** Posts, engagements and relations: for a system that owns the writes and publishes events. */
export const changesPart: MaterialiserPart<Change> = {
  reader: MATERIALISER,
  lock: ADVISORY_LOCKS.materialiser,
  topics: ['posts', 'engagements', 'relations'],
  decode: decodeChange,
  write: writeChanges,
}
