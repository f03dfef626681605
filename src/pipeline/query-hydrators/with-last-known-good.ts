import type { UserId } from '../../ids.ts'
import type { QueryHydrator, WritableKeys } from '../framework/component.ts'
import { LAST_KNOWN_GOOD_PARAMS } from '../process.params.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'
import type { LastKnownGood } from '../last-known-good.ts'
import { withinMs } from '../within-ms.ts'

export interface LastKnownGoodSettings<W extends WritableKeys<HomeFeedQuery>> {
  readonly memory: LastKnownGood<UserId, Pick<HomeFeedQuery, W>>
  readonly timeoutMs: number
  /** The request's clock, epoch ms. */
  now(): number
}

/**
 * The same component, which answers with what it read last for this viewer, flagged `STALE_GRAPH`,
 * when the read fails or is late. Without such a value, or with one that is too old, it fails as it
 * would have. A late answer still renews the memory.
 */
export function withLastKnownGood<W extends WritableKeys<HomeFeedQuery>>(
  component: QueryHydrator<HomeFeedQuery, W, never>,
  { memory, timeoutMs, now }: LastKnownGoodSettings<W>,
): QueryHydrator<HomeFeedQuery, W, never> {
  const { marginMs, ageMsMax } = LAST_KNOWN_GOOD_PARAMS
  return {
    ...component,
    timeoutMs: timeoutMs + marginMs,
    params: { ...component.params, lastKnownGoodAgeMsMax: ageMsMax },
    async hydrate(query, context) {
      const read = component.hydrate(query, context).then((fields) => {
        memory.keep(query.viewerId, fields, context.nowMs)
        return fields
      })
      const leftMs = context.deadlineMs - now()
      // Half of a margin that the request's end has eaten, so that the substitute is not late too.
      const limitMs = Math.min(timeoutMs, Math.max(leftMs - marginMs, leftMs / 2))
      try {
        return await withinMs(read, limitMs)
      } catch (error) {
        const known = memory.get(query.viewerId)
        if (known === undefined) throw error
        context.degrade('STALE_GRAPH', component.dependency ?? component.name)
        return known
      }
    },
  }
}
