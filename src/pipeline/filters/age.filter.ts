import { filter } from '../home-feed.components.ts'

/** Removes posts older than `ageMsMax`; for a repost the repost's own age counts. */
export function ageFilter({ ageMsMax }: { readonly ageMsMax: number }) {
  return filter({
    name: 'AgeFilter',
    params: { ageMsMax },
    keep:
      (_query, _candidates, { nowMs }) =>
      ({ createdAtMs }) =>
        nowMs - createdAtMs <= ageMsMax,
  })
}
