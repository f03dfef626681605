import type { Kysely } from 'kysely'
import { writePositions } from '../log-positions.ts'
import type { Tables } from '../tables.ts'
import { applyEngagements } from './apply-engagements.ts'
import { applyNamedRelations } from './apply-named-relations.ts'
import { applyPosts } from './apply-posts.ts'
import { applyRelations } from './apply-relations.ts'
import type { Change, ChangeBody } from './change.ts'
import { takeFreshChanges } from './fresh-changes.ts'
import type { WriteOptions } from './materialiser-part.ts'

export const MATERIALISER = 'materialiser'

function ofKind<K extends ChangeBody['kind']>(changes: readonly Change[], kind: K) {
  return changes
    .map(({ body }) => body)
    .filter((body): body is Extract<ChangeBody, { readonly kind: K }> => body.kind === kind)
}

/**
 * Writes changes, in their order, and how far they reach, in one transaction: after a crash it is
 * as if they had never come, or been written once. Answers how many counted.
 */
export async function writeChanges(
  database: Kysely<Tables>,
  changes: readonly Change[],
  { topic, nowMs, positions }: WriteOptions,
): Promise<number> {
  return database.transaction().execute(async (transaction) => {
    const fresh = await takeFreshChanges(transaction, changes, nowMs)
    await applyPosts(transaction, ofKind(fresh, 'post'), nowMs)
    await applyEngagements(transaction, ofKind(fresh, 'engagement'))
    await applyRelations(transaction, ofKind(fresh, 'relation'))
    await applyNamedRelations(transaction, ofKind(fresh, 'named-relation'))
    await writePositions(transaction, { reader: MATERIALISER, topic }, positions)
    return fresh.length
  })
}
