import { afterAll, beforeAll, expect, it } from 'vitest'
import { HOUR_MS, importLines } from '../store/import-fixture.ts'
import type { Selected } from '../world.ts'
import { addPost, OTHER_VIEWER, startSmallGateway, VIEWER } from './small-gateway.ts'
import type { SmallGateway } from './small-gateway.ts'

const DAY_MS = 24 * HOUR_MS
const SEEN = { original: 70, repost: '80' }
const UNSEEN = { original: 71, repost: '81' }
const FEED = `query Feed($after: Cursor) {
  homeFeed(first: 100, after: $after) {
    edges { node { ... on PostFeedItem { post { databaseId } } } }
    pageInfo { endCursor }
  }
}`

let gateway: SmallGateway

beforeAll(async () => {
  gateway = await startSmallGateway()
})

afterAll(async () => {
  await gateway.close()
})

/** Two fresh reposts of old posts, one of which the viewer saw before the import. */
async function importHistory({ database, thunder }: SmallGateway): Promise<void> {
  const nowMs = Date.now()
  const posts = [SEEN, UNSEEN].map(({ original }) => ({
    id: original,
    author_id: 2,
    created_at: nowMs - 20 * DAY_MS,
    text: `Post ${original} of long ago`,
  }))
  const seen = { viewer_id: VIEWER, post_id: SEEN.original, at: nowMs - 19 * DAY_MS }
  await importLines(database, { posts, impressions: [seen] }, { nowMs })
  for (const { original, repost } of [SEEN, UNSEEN]) {
    await addPost(database, thunder, {
      id: repost,
      author: '3',
      createdAtMs: nowMs - 1_000,
      repostOf: { id: String(original), author: '2' },
    })
  }
}

/** Of the two, on any page of the feed. */
async function repostsShownTo(viewerId: string): Promise<readonly number[]> {
  const shown: string[] = []
  let after: string | null = null
  for (let isAtEnd = false; !isAtEnd;) {
    const headers = { 'x-viewer-id': viewerId }
    const answer = await gateway.ask(FEED, { variables: { after }, headers })
    expect(answer.errors).toBeUndefined()
    const { edges, pageInfo }: Selected = answer.data.homeFeed
    shown.push(...edges.map((edge: Selected) => edge.node.post.databaseId))
    after = pageInfo.endCursor
    isAtEnd = edges.length === 0
  }
  // A repost shows its original.
  return [SEEN.original, UNSEEN.original].filter((id) => shown.includes(String(id)))
}

it('shows no repost of what the viewer saw weeks ago, by the imported log', async () => {
  await importHistory(gateway)
  expect(await repostsShownTo(VIEWER)).toEqual([UNSEEN.original])
  expect(await repostsShownTo(OTHER_VIEWER)).toEqual([SEEN.original, UNSEEN.original])
})
