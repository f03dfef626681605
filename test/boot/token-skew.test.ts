import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startGateway, type Gateway } from '../../src/boot/gateway.ts'
import { readConfig } from '../../src/config.ts'
import { Experiments } from '../../src/experiments/experiments.ts'
import type { EventRecord } from '../../src/events/event-log.ts'
import { createPrompts } from '../../src/pipeline/blending/prompts.ts'
import { NO_AUTHOR_LISTS } from '../../src/pipeline/visibility/author-lists.ts'
import { writeOutbox } from '../../src/store/outbox.ts'
import { exportTrainingLog } from '../../src/store/training-log/export-training-log.ts'
import { createLogger } from '../../src/telemetry.ts'
import {
  saveRandomCheckpoint,
  startPythonService,
  type PythonService,
  type RandomCheckpoint,
} from '../phoenix/python-service.ts'
import { openTestDatabase, type TestDatabase } from '../postgres.ts'
import { content, creation } from '../store/materialiser-fixtures.ts'
import { action, impression } from '../store/training-log/training-log-fixtures.ts'
import { waitFor } from '../wait-for.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PYTHON = process.env['HOMEFEED_PYTHON'] ?? join(ROOT, '.homefeed/python/bin/python')
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const VIEWERS = ['1', '2'] as const
const AUTHORS = [11, 12, 13, 14, 15, 16] as const
const POSTS_PER_AUTHOR = 12
const [LIKE, REPLY, CLICK, PROFILE, DWELL_TIME] = [0, 1, 4, 5, 18] as const
const ROUNDS = 5

interface ServedRow {
  readonly request_id: string
  readonly post_id: string
  readonly original_post_id: string
  readonly author_id: string
  readonly slate_position: number
}

let opened: TestDatabase
let checkpoint: RandomCheckpoint
let services: readonly PythonService[] = []
let gateway: Gateway
let directory: string
/** Runs on, and is set forward: deadlines are the real clock's. */
let aheadMs = 0
const now = (): number => Date.now() + aheadMs

async function publish(records: readonly EventRecord[]): Promise<void> {
  await writeOutbox(opened.database.kysely, records, now())
  gateway.events.notify()
}

/** Waits until the materialiser and the training log have had so many events. */
async function untilTaken(engagements: number, impressions: number): Promise<void> {
  await waitFor(
    () => {
      const { landed } = gateway.events.trainingLog.stats()
      return landed >= engagements + impressions && materialised() >= engagements + postCount
    },
    { what: 'both consumers' },
  )
}

function materialised(): number {
  const stats = gateway.events.materialiser?.stats()
  return (stats?.applied ?? 0) + (stats?.ignored ?? 0)
}

const REPOSTS = 6
const postCount = AUTHORS.length * POSTS_PER_AUTHOR + REPOSTS

/** Originals of several hours, and reposts of the oldest by others. */
function posts(): readonly EventRecord[] {
  const records = AUTHORS.flatMap((author, place) =>
    Array.from({ length: POSTS_PER_AUTHOR }, (_, index) => {
      const createdAtMs = BigInt(now() - (1 + index * 2) * HOUR_MS - place * 7 * MINUTE_MS)
      const facts = { authorId: BigInt(author), createdAtMs, recommendable: true }
      const said = { ...facts, content: content(`post ${index}`) }
      return creation(author * 1_000 + index, said, { atMs: now() })
    }),
  )
  const reposts = Array.from({ length: REPOSTS }, (_, index) => {
    const [author = 0, original = 0] = [AUTHORS[index], AUTHORS[(index + 1) % AUTHORS.length]]
    const facts = {
      authorId: BigInt(author),
      createdAtMs: BigInt(now() - 20 * MINUTE_MS),
      repostOfPostId: BigInt(original * 1_000 + POSTS_PER_AUTHOR - 1),
      repostOfUserId: BigInt(original),
    }
    return creation(author * 1_000 + 500, facts, { atMs: now() })
  })
  return [...records, ...reposts]
}

async function addPeople(): Promise<void> {
  const { kysely } = opened.database
  for (const id of [...VIEWERS, ...AUTHORS.map(String)]) {
    await sql`insert into users (id, handle, display_name, bio, created_at_ms, birth_year,
        is_protected, state, is_adult, sensitive_opt_in, sells_subscriptions)
      values (${id}, ${`User${id}`}, '', '', 0, 1990, false, 'active', false, false,
        false)`.execute(kysely)
  }
  // The others come through retrieval.
  for (const followee of AUTHORS.slice(0, 3)) {
    for (const follower of VIEWERS) {
      await sql`insert into follows (follower_id, followee_id, created_at_ms)
        values (${follower}, ${followee}, 0)`.execute(kysely)
    }
  }
}

/** What the answer says was late or failed. */
async function degradationOf(viewer: string): Promise<readonly string[]> {
  const answer = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-viewer-id': viewer },
    body: JSON.stringify({
      query: '{ homeFeed(first: 8) { edges { cursor } session { degradation } } }',
    }),
  })
  const { data } = (await answer.json()) as {
    readonly data: {
      readonly homeFeed: { readonly session: { readonly degradation: readonly string[] } }
    } | null
  }
  return data?.homeFeed.session.degradation ?? ['no answer']
}

/**
 * A page that the model ranked, and what of it was remembered: what a tracking token stands for.
 * On a busy machine a ranking may be late, and rules take its place: then it is asked again.
 */
async function ask(viewer: string): Promise<readonly ServedRow[]> {
  const isWhole = async () => (await degradationOf(viewer)).length === 0
  await waitFor(isWhole, { what: 'a page that the model ranked' })
  const { rows } = await sql<ServedRow>`
    select request_id, post_id, original_post_id, author_id, slate_position from served
    where viewer_id = ${viewer} and served_at_ms = (
      select max(served_at_ms) from served where viewer_id = ${viewer})
    order by position`.execute(opened.database.kysely)
  return rows
}

/** The reader looks at the page a while after it was ranked, and acts on some of it. */
function read(viewer: string, page: readonly ServedRow[]) {
  const viewerId = BigInt(viewer)
  const atMs = now()
  const impressions = page.map((row, index) =>
    impression({
      viewerId,
      postId: BigInt(row.post_id),
      requestId: row.request_id,
      position: row.slate_position,
      atMs: atMs + index * 1_000,
    }),
  )
  const on = (row: ServedRow | undefined, index: number, more: object) => {
    if (row === undefined) throw new Error('the page is too short')
    const { request_id: requestId, slate_position: position } = row
    const [postId, postAuthorId] = [BigInt(row.original_post_id), BigInt(row.author_id)]
    const about = { viewerId, postId, postAuthorId, requestId, position }
    return action(index, { ...about, atMs: atMs + 30_000, ...more })
  }
  const [first, second, third, fourth] = page
  const engagements = [
    // One burst of several kinds, with the longest dwell.
    on(first, DWELL_TIME, { atMs: atMs + 20_000, dwellMs: 4_321n }),
    on(first, LIKE, { dwellMs: 1_000n }),
    on(first, REPLY, { atMs: atMs + 90_000 }),
    // A second burst exactly five minutes after the first.
    on(first, CLICK, { atMs: atMs + 20_000 + 5 * MINUTE_MS }),
    // Without a token, and its author unknown to the event.
    on(second, PROFILE, { requestId: '', position: 0, postAuthorId: 0n, dwellMs: 777n }),
    // Taken back before anybody asks again, and dwell alone: no tokens.
    on(third, LIKE, {}),
    on(third, LIKE, { atMs: atMs + 40_000, active: false }),
    on(fourth, DWELL_TIME, { dwellMs: 9_000n }),
    // A post that this page did not show.
    action(CLICK, {
      viewerId,
      postId: BigInt(16_000 + Number(viewer)),
      postAuthorId: 16n,
      atMs: atMs + 50_000,
    }),
  ]
  return { impressions, engagements }
}

function compareTokens(log: string): { readonly status: number; readonly report: SkewReport } {
  const samples = join(directory, 'training-log', 'token-samples.jsonl')
  const args = ['--log', log, '--samples', samples]
  const model = ['--checkpoint', join(checkpoint.directory, 'checkpoint')]
  try {
    const text = execFileSync(PYTHON, ['-m', 'services.token_skew', ...args, ...model], {
      cwd: join(ROOT, 'python'),
      encoding: 'utf8',
    })
    return { status: 0, report: JSON.parse(text) as SkewReport }
  } catch (error) {
    const { status, stdout } = error as { readonly status: number; readonly stdout: string }
    return { status, report: JSON.parse(stdout) as SkewReport }
  }
}

interface SkewReport {
  readonly requests: number
  readonly impressions: number
  readonly tokens: number
  readonly differing: Readonly<Record<string, number>>
  readonly examples: readonly unknown[]
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'homefeed-skew-'))
  checkpoint = saveRandomCheckpoint()
  opened = await openTestDatabase('pglite')
  await addPeople()
  await writeOutbox(opened.database.kysely, posts(), now())
  services = await Promise.all([
    startPythonService('retrieval_service', checkpoint),
    startPythonService('ranking_service', checkpoint),
  ])
  const [retrieval, ranking] = services
  const environment = {
    HOMEFEED_DATA_DIR: directory,
    HOMEFEED_TOKEN_SAMPLE_RATE: '1',
    PORT: '0',
  }
  gateway = await startGateway({
    config: { ...readConfig(environment), materialises: true },
    cursorKeys: ['a key of this test, long enough to sign'],
    database: opened.database,
    phoenix: {
      retrievalAddress: retrieval?.address ?? '',
      rankingAddress: ranking?.address ?? '',
      processIds: () => ({ retrieval: null, ranking: null }),
      close: () => Promise.resolve(),
    },
    personas: [],
    prompts: createPrompts([]),
    experiments: new Experiments([]),
    authorLists: NO_AUTHOR_LISTS,
    logger: createLogger({ now, write: () => undefined }),
    nowMs: now,
  })
  await untilTaken(0, 0)
})
afterAll(async () => {
  await gateway.close()
  await Promise.all(services.map((service) => service.kill()))
  await opened.close()
  checkpoint.remove()
  await rm(directory, { recursive: true, force: true })
})

it('training rebuilds from the log exactly what serving fed to the ranker', async () => {
  let [engagements, impressions, pages] = [0, 0, 0]
  for (let round = 0; round < ROUNDS; round += 1) {
    const asked: (readonly [string, readonly ServedRow[]])[] = []
    // The clock was set: Thunder must look at the log anew.
    gateway.events.notify()
    await waitFor(() => !gateway.events.isStale(), { what: 'Thunder to be of now' })
    for (const viewer of VIEWERS) asked.push([viewer, await ask(viewer)])
    // The page is read when its posts have grown older, and perhaps another age bucket.
    aheadMs += 25 * MINUTE_MS
    for (const [viewer, page] of asked) {
      const done = read(viewer, page)
      await publish([...done.impressions, ...done.engagements])
      engagements += done.engagements.length
      impressions += done.impressions.length
      pages += 1
    }
    await untilTaken(engagements, impressions)
    aheadMs += 40 * MINUTE_MS
  }
  const out = join(directory, 'export')
  const log = join(directory, 'training-log')
  await exportTrainingLog({ directory: log, out, open: opened.database })
  const { status, report } = compareTokens(out)
  expect(report.differing, JSON.stringify(report.examples, null, 1)).toEqual({})
  expect(status).toBe(0)
  expect(report).toMatchObject({ requests: pages, impressions })
  expect(report.tokens).toBeGreaterThan(200)

  // The comparison sees a difference where there is one: histories made of outcomes alone.
  rmSync(join(out, 'actions'), { recursive: true })
  const skewed = compareTokens(out)
  expect(skewed.status).toBe(1)
  expect(Object.keys(skewed.report.differing)).toContain('history.post')
})
