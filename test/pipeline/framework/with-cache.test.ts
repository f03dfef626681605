import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import { AgedCache } from '../../../src/pipeline/framework/aged-cache.ts'
import { createCandidatePipeline } from '../../../src/pipeline/framework/candidate-pipeline.ts'
import type { CacheReads, Patches } from '../../../src/pipeline/framework/component.ts'
import { withCache, type CacheOptions } from '../../../src/pipeline/framework/with-cache.ts'
import { runComponentContract } from './component-contract.ts'
import { contractContext } from './contract-case.ts'
import {
  hydrator,
  listSource,
  tinyCandidate,
  tinyConfig,
  tinyQuery,
  tinyRequest,
  type TinyCandidate,
  type TinyQuery,
} from './tiny-pipeline.ts'

type Patch = Pick<TinyCandidate, 'length'>
type Answer = (ids: readonly string[]) => Patches<Patch>
type Options = Partial<CacheOptions<TinyCandidate, string, Patch>>

const lengths: Answer = (ids) => ids.map((id) => ({ length: id.length }))

/** A cached hydrator of lengths; `asked` takes the ids of each call to what it wraps. */
function createSetting(answer: Answer = lengths, options: Options = {}) {
  const asked: string[][] = []
  const lists: unknown[] = []
  const reads: CacheReads[] = []
  const inner = hydrator({
    name: 'LengthHydrator',
    writes: ['length'],
    failurePolicy: 'fail-closed',
    dependency: 'database',
    timeoutMs: 50,
    params: { unit: 'characters' },
    async hydrate(_query, candidates) {
      asked.push(candidates.map(({ id }) => id))
      lists.push(candidates)
      return answer(candidates.map(({ id }) => id))
    },
  })
  const cache = new AgedCache<string, Patch>({ entriesMax: 3 })
  const cached = withCache(inner, {
    cache,
    keyOf: ({ id }) => id,
    ttlMsOf: () => 100,
    params: { entriesMax: 3 },
    ...options,
  })
  const hydrate = (ids: readonly string[], nowMs = 0) =>
    cached.hydrate(
      tinyQuery(),
      ids.map((id) => tinyCandidate(id)),
      { ...contractContext(nowMs), countCache: (counted) => reads.push(counted) },
    )
  return { inner, cached, cache, asked, lists, reads, hydrate }
}

describe('withCache', () => {
  it('is the same component', () => {
    const { inner, cached } = createSetting()
    const { hydrate: _hydrate, ...declared } = inner
    expect(cached).toMatchObject(declared)
    expect(cached.params).toEqual({ unit: 'characters', entriesMax: 3 })
  })

  it('asks for what it does not know, in one call and in order', async () => {
    const { hydrate, asked, reads } = createSetting()
    expect(await hydrate(['a', 'bb'])).toEqual([{ length: 1 }, { length: 2 }])
    expect(await hydrate(['ccc', 'a', 'dddd'])).toEqual([
      { length: 3 },
      { length: 1 },
      { length: 4 },
    ])
    expect(asked).toEqual([
      ['a', 'bb'],
      ['ccc', 'dddd'],
    ])
    expect(reads).toEqual([
      { hits: 0, misses: 2 },
      { hits: 1, misses: 2 },
    ])
  })

  it('asks nobody when it knows all, or when there are none', async () => {
    const { hydrate, asked, reads } = createSetting()
    await hydrate(['a', 'bb'])
    expect(await hydrate(['bb', 'a'])).toEqual([{ length: 2 }, { length: 1 }])
    expect(await hydrate([])).toEqual([])
    expect(asked).toHaveLength(1)
    expect(reads.slice(1)).toEqual([
      { hits: 2, misses: 0 },
      { hits: 0, misses: 0 },
    ])
  })

  it('hands the very list on when it knows nothing: hydrators share work on it', async () => {
    const { cached, lists } = createSetting()
    const candidates = [tinyCandidate('a'), tinyCandidate('bb')]
    await cached.hydrate(tinyQuery(), candidates, contractContext())
    expect(lists[0]).toBe(candidates)
  })

  it('does not merge equal keys', async () => {
    const { hydrate, asked } = createSetting(lengths, { keyOf: () => 'same' })
    expect(await hydrate(['a', 'bb'])).toEqual([{ length: 1 }, { length: 2 }])
    expect(asked).toEqual([['a', 'bb']])
    expect(await hydrate(['ccc'])).toEqual([{ length: 2 }])
  })

  it('goes by the time of the request and the age of what it keeps', async () => {
    const ttlMsOf = ({ id }: Pick<TinyCandidate, 'id'>, nowMs: number) =>
      id === 'young' ? 10 + nowMs : 100
    const { hydrate, asked } = createSetting(lengths, { ttlMsOf })
    await hydrate(['young', 'old'], 5)
    await hydrate(['young', 'old'], 19)
    await hydrate(['young', 'old'], 20)
    expect(asked).toEqual([['young', 'old'], ['young']])
    await hydrate(['old'], 104)
    await hydrate(['old'], 105)
    expect(asked.slice(2)).toEqual([['old']])
  })

  it.each([0, -1])('keeps nothing for %d ms', async (ttlMs) => {
    const { hydrate, cache } = createSetting(lengths, { ttlMsOf: () => ttlMs })
    await hydrate(['a'])
    expect(cache.size).toBe(0)
  })

  it('keeps that there is none, and never an error', async () => {
    const answers: Record<string, Patch | Error> = {
      none: { length: null },
      bad: new Error('lost'),
    }
    const { hydrate, asked } = createSetting((ids) => ids.map((id) => answers[id] ?? new Error(id)))
    expect(await hydrate(['none', 'bad'])).toEqual([{ length: null }, new Error('lost')])
    expect(await hydrate(['none', 'bad'])).toEqual([{ length: null }, new Error('lost')])
    expect(asked).toEqual([['none', 'bad'], ['bad']])
  })

  it('fails for all, hits too, when the answer has another length', async () => {
    let short = false
    const answer: Answer = (ids) => (short ? [] : lengths(ids))
    const { hydrate, cache } = createSetting(answer)
    await hydrate(['a'])
    short = true
    const message = 'answered 0 patches for 1 missing ones'
    await expect(hydrate(['a', 'bb'])).rejects.toThrow(message)
    expect(cache.get('bb', 0)).toBeUndefined()
    expect(await hydrate(['a'])).toEqual([{ length: 1 }])
  })

  it('passes a failure on', async () => {
    const { hydrate } = createSetting(() => {
      throw new Error('down')
    })
    await expect(hydrate(['a'])).rejects.toThrow('down')
  })

  it('says of a hole in the answer that it is one', async () => {
    const { hydrate, asked } = createSetting((ids) =>
      Array.from<Patch>({ length: ids.length }).fill({ length: 7 }, 1),
    )
    const hole = new Error('missing hydration result')
    expect(await hydrate(['a', 'bb'])).toEqual([hole, { length: 7 }])
    await hydrate(['a', 'bb'])
    expect(asked[1]).toEqual(['a'])
  })

  it('leaves alone what is hydrated already, and counts it as neither', async () => {
    const toHydrated = ({ id }: Pick<TinyCandidate, 'id'>) =>
      id === 'mine' ? { length: 40 } : null
    const { hydrate, asked, reads, cache } = createSetting(lengths, { toHydrated })
    cache.put('mine', { length: 9 }, 100)
    expect(await hydrate(['mine', 'a'])).toEqual([{ length: 40 }, { length: 1 }])
    expect(asked).toEqual([['a']])
    expect(reads).toEqual([{ hits: 0, misses: 1 }])
  })

  it('is bounded', async () => {
    const { hydrate, cache } = createSetting()
    await hydrate(['a', 'bb', 'ccc', 'dddd'])
    expect(cache.size).toBe(3)
  })
})

describe('in a pipeline', () => {
  it('shows hits and misses in the report and on the channel', async () => {
    const { cached } = createSetting()
    const pipeline = createCandidatePipeline(
      tinyConfig({ sources: [listSource('ListSource', ['a', 'bb'])], hydrators: [cached] }),
    )
    const messages: unknown[] = []
    const listen = (message: unknown) => messages.push(message)
    subscribe('homefeed:hydrator', listen)
    try {
      await pipeline.execute(tinyQuery(), tinyRequest())
      const { components, selected } = await pipeline.execute(tinyQuery(), tinyRequest())
      expect(selected.map(({ length }) => length)).toEqual([1, 2])
      const reports = new Map(components.map(({ component, cache }) => [component, cache]))
      expect(reports.get('LengthHydrator')).toEqual({ hits: 2, misses: 0 })
      expect(reports.get('ListSource')).toBeNull()
    } finally {
      unsubscribe('homefeed:hydrator', listen)
    }
    expect(messages).toMatchObject([
      { cache: { hits: 0, misses: 2 } },
      { cache: { hits: 2, misses: 0 } },
    ])
  })
})

runComponentContract<TinyQuery, TinyCandidate>({
  kind: 'hydrator',
  name: 'LengthHydrator',
  component: () => createSetting().cached,
  query: () => tinyQuery(),
  candidates: () => [tinyCandidate('a'), tinyCandidate('bb')],
  bareQuery: () => tinyQuery(),
  bareCandidates: () => [tinyCandidate('a')],
})
