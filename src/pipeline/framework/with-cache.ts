import type { Hydrator, Patches, View, WritableKeys } from './component.ts'

/** What a cache must do; `AgedCache` does. One serves all requests of a process. */
export interface HydrationCache<K, P> {
  get(key: K, nowMs: number): P | undefined
  put(key: K, patch: P, untilMs: number): void
}

export interface CacheOptions<V, K, P> {
  readonly cache: HydrationCache<K, P>
  keyOf(candidate: V): K
  /** Ms that a patch of this candidate is good for; 0 = it is not kept. */
  ttlMsOf(candidate: V, nowMs: number): number
  /** The numbers of the cache, for `describe`. */
  readonly params?: Readonly<Record<string, unknown>>
  /** The patch of a candidate that needs neither cache nor hydrator; null = it does. */
  toHydrated?(candidate: V): P | null
}

/**
 * The same hydrator, asked only for candidates of which no earlier request knows the answer. All of
 * the others go to it in one call, in order, also two of one key. An answer that says "there is
 * none" is kept like any other; an `Error` is passed on and never kept. An answer of another
 * length says nothing about anybody: the call fails, hits included. Hits and misses are counted in
 * the component's report. Source: spec/pipeline.md 4.
 */
export function withCache<
  Q,
  C,
  W extends WritableKeys<C>,
  R extends keyof C,
  K extends string | number,
>(
  hydrator: Hydrator<Q, C, W, R>,
  { cache, keyOf, ttlMsOf, toHydrated, params }: CacheOptions<View<C, R>, K, Pick<C, W>>,
): Hydrator<Q, C, W, R> {
  return {
    ...hydrator,
    params: { ...hydrator.params, ...params },
    async hydrate(query, candidates, context): Promise<Patches<Pick<C, W>>> {
      const { nowMs } = context
      const patches: (Pick<C, W> | Error)[] = []
      const missing: { readonly index: number; readonly candidate: View<C, R> }[] = []
      const unanswered = new Error('missing hydration result')
      let hits = 0
      candidates.forEach((candidate, index) => {
        const hydrated = toHydrated?.(candidate) ?? null
        const kept = hydrated ?? cache.get(keyOf(candidate), nowMs)
        if (kept === undefined) missing.push({ index, candidate })
        else if (hydrated === null) hits += 1
        patches.push(kept ?? unanswered)
      })
      context.countCache({ hits, misses: missing.length })
      if (missing.length === 0) return patches
      // The very list when all are missing: hydrators may share work on it.
      const isWhole = missing.length === candidates.length
      const asked = isWhole ? candidates : missing.map(({ candidate }) => candidate)
      const answer = await hydrator.hydrate(query, asked, context)
      if (answer.length !== missing.length) {
        throw new Error(`answered ${answer.length} patches for ${missing.length} missing ones`)
      }
      missing.forEach(({ index, candidate }, place) => {
        const patch = answer[place]
        if (patch == null) return
        patches[index] = patch
        if (patch instanceof Error) return
        const ttlMs = ttlMsOf(candidate, nowMs)
        if (ttlMs > 0) cache.put(keyOf(candidate), patch, nowMs + ttlMs)
      })
      return patches
    },
  }
}
