import { describe, expect, it } from 'vitest'
import { listFaults, withFault, type Asked } from '../../src/boot/rehearsal/faults.ts'
import { formatRehearsal } from '../../src/boot/rehearsal/format-rehearsal.ts'
import { rehearse, type RehearsalOptions } from '../../src/boot/rehearsal/rehearse.ts'
import { createHomeFeedTable } from '../../src/pipeline/home-feed.table.ts'
import { createDependencies, WORLD } from '../pipeline/contract-world.ts'
import { loadersOf, NOW_MS, VIEWER } from '../pipeline/home-feed-fixtures.ts'

/** A feed on a clock that runs, with time enough for a busy machine. */
function createAsked(): Asked {
  const startMs = performance.now()
  const now = () => NOW_MS + performance.now() - startMs
  return {
    dependencies: createDependencies({ now, budgetMs: 5_000 }),
    createLoaders: () => loadersOf(WORLD),
  }
}

const run = (fault: string, more: Partial<RehearsalOptions> = {}) =>
  rehearse({
    asked: createAsked(),
    viewerId: VIEWER,
    first: 10,
    fault,
    mode: 'fail',
    isCold: false,
    ...more,
  })

describe('listFaults', () => {
  const names = listFaults(createAsked())

  it('knows every dependency that a row of the pipeline names', () => {
    const asked = createHomeFeedTable()
      .stages.flatMap(({ components }) => components)
      .flatMap(({ dependency }) => dependency ?? [])
    expect(asked.length).toBeGreaterThan(8)
    expect(asked.filter((name) => !names.includes(name))).toEqual([])
  })

  it('knows each read of the database by itself', () => {
    expect(names).toContain('viewerStore.relations')
    expect(names).toContain('loaders.postModeration')
    expect(names).toContain('event-log')
  })
})

describe('rehearse', () => {
  it.each<[string, string[], string[]]>([
    ['phoenix-ranking', ['RULES_ONLY'], ['phoenix-ranking']],
    ['phoenix-retrieval', ['IN_NETWORK_ONLY', 'ENRICHMENT_MISSING'], ['phoenix-retrieval']],
    ['thunder', ['OUT_OF_NETWORK_ONLY'], ['thunder']],
    ['event-log', ['STALE_GRAPH'], ['event-log']],
    ['loaders.media', ['ENRICHMENT_MISSING'], ['database']],
    ['loaders.postModeration', ['STALE_GRAPH'], ['database']],
    ['viewerStore.relations', ['STALE_GRAPH'], ['database']],
  ])('shows the feed with %s dead beside the healthy one', async (fault, flags, dependencies) => {
    const { healthy, rehearsed } = await run(fault)
    expect(healthy).toMatchObject({ degradation: [], failed: [], withheld: {}, error: null })
    expect(healthy.posts.map(({ postId }) => postId)).toEqual(['80', '84', '83', '81'])
    expect(rehearsed).toMatchObject({ error: null, degradation: flags })
    expect(rehearsed.degradedDependencies).toEqual(dependencies)
    expect(rehearsed.posts.length).toBeGreaterThan(0)
  })

  it('shows the error that a viewer gets instead of a feed', async () => {
    const { rehearsed } = await run('loaders.posts')
    expect(rehearsed).toMatchObject({
      posts: [],
      error: { code: 'SAFETY_UNAVAILABLE', retryable: true },
      withheld: { 'CoreDataFilter: withheld: core data not known': 6 },
      degradation: ['SAFETY_WITHHELD', 'ENRICHMENT_MISSING'],
    })
    const text = formatRehearsal(await run('database'))
    expect(text).toMatch(/error +- +SAFETY_UNAVAILABLE \(retryable\)/)
  })

  it('has no last known good when it is cold', async () => {
    const { rehearsed } = await run('viewerStore.relations', { isCold: true })
    expect(rehearsed.error?.code).toBe('SAFETY_UNAVAILABLE')
  })

  it('rehearses silence too', async () => {
    const { rehearsed } = await run('phoenix-ranking', { mode: 'timeout' })
    expect(rehearsed.degradation).toEqual(['RULES_ONLY'])
    expect(rehearsed.failed).toEqual([expect.stringMatching(/^PhoenixScorer /)])
  })

  it('records nothing', async () => {
    const asked = createAsked()
    let isWritten = false
    Object.assign(asked.dependencies.requestCache, { put: () => (isWritten = true) })
    await run('phoenix-ranking', { asked })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isWritten).toBe(false)
  })

  it('prints both feeds side by side', async () => {
    const lines = formatRehearsal(await run('phoenix-retrieval')).split('\n')
    expect(lines[0]).toBe('phoenix-retrieval fails; viewer 1')
    expect(lines.find((line) => line.startsWith('1 '))).toMatch(
      /^1 +text of 80 +@user10 +thunder\/phoenix +1 +text of 80 +@user10 +thunder\/phoenix$/,
    )
    expect(lines.find((line) => line.startsWith('degradation'))).toMatch(
      /- +IN_NETWORK_ONLY ENRICHMENT_MISSING$/,
    )
  })
})

it('breaks only what it names', async () => {
  const range = { postsSinceMs: 0, postIdsMax: 10, authorsSinceMs: 0, authorRowsMax: 10 }
  const broken = withFault(createAsked(), 'viewerStore.seen', 'fail')
  const { viewerStore } = broken.dependencies
  await expect(viewerStore.seen(VIEWER, 0)).rejects.toThrow('dead, for the rehearsal')
  const { postIds } = await viewerStore.servedHistory(VIEWER, range)
  expect(postIds).toEqual(['2'])
})
