import { describe, expect, it } from 'vitest'
import { aggregateActions, BURST_MS, type ActionRow } from '../../src/store/aggregate-actions.ts'

function action(post: string, atMs: number, parts: Partial<ActionRow> = {}): ActionRow {
  return {
    post_id: post,
    author_id: '7',
    action_index: 0,
    dwell_ms: null,
    surface: 0,
    at_ms: String(atMs),
    post_created_at_ms: null,
    ...parts,
  }
}

describe('aggregateActions', () => {
  it('anchors a burst at its first action, not at the one before', () => {
    const sequence = aggregateActions(
      [action('1', 0), action('1', BURST_MS - 1), action('1', BURST_MS)],
      10,
    )
    expect(sequence.map(({ actedAtMs }) => actedAtMs)).toEqual([0, BURST_MS])
  })

  it('keeps bursts of different posts apart and in time order', () => {
    const sequence = aggregateActions([action('1', 0), action('2', 1), action('1', 2)], 10)
    expect(sequence.map(({ postId }) => postId)).toEqual(['1', '2'])
  })

  it('sorts actions, drops repeats, and takes the longest dwell', () => {
    const rows = [
      action('1', 0, { action_index: 10, dwell_ms: 900 }),
      action('1', 1, { action_index: 0, dwell_ms: 2_500 }),
      action('1', 2, { action_index: 0 }),
    ]
    expect(aggregateActions(rows, 10)).toMatchObject([
      { actionIndexes: [0, 10], dwellSeconds: 2.5 },
    ])
  })

  it('drops bursts without a discrete action and rows without an author', () => {
    const rows = [
      action('1', 0, { action_index: 18, dwell_ms: 5_000 }),
      action('2', 1, { author_id: null }),
      action('3', 2),
    ]
    expect(aggregateActions(rows, 10).map(({ postId }) => postId)).toEqual(['3'])
  })

  it('keeps the newest', () => {
    const rows = ['1', '2', '3'].map((post, index) => action(post, index))
    expect(aggregateActions(rows, 2).map(({ postId }) => postId)).toEqual(['2', '3'])
  })

  it("takes a forgotten post's time from its snowflake", () => {
    const atMs = Date.parse('2026-11-24T12:00:00Z')
    const snowflake = String((BigInt(atMs - 60_000) - 1_288_834_974_657n) << 22n)
    expect(aggregateActions([action(snowflake, atMs)], 1)[0]?.postCreatedAtMs).toBe(atMs - 60_000)
  })
})
