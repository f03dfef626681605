import { execFile } from 'node:child_process'
import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PERSONAS, pythonPath, startDemoGateway, type GatewayProcess } from '../world.ts'
import { waitFor } from '../wait-for.ts'

const PYTHON_ROOT = join(import.meta.dirname, '..', '..', 'python')
const DEMO = join(PYTHON_ROOT, 'checkpoints', 'demo')
const FEED = `{ homeFeed(first: 20) {
  edges { node { id } }
  session { degradation ranking { model algorithm } }
} }`

/** The demo's weights under another manifest, hence another version, with a sample. */
const SAVE_AGAIN = `
import dataclasses, sys
from phoenix.checkpoints import load_checkpoint, save_checkpoint
demo = load_checkpoint(sys.argv[1])
again = dataclasses.replace(demo.manifest.provenance, git_commit="f" * 40)
save_checkpoint(sys.argv[2], ranker=demo.ranker, retrieval=demo.retrieval, provenance=again)
print(load_checkpoint(sys.argv[2]).version)
`

let folder: string
let served: string
let gateway: GatewayProcess

const python = async (...words: readonly string[]) => {
  const { stdout } = await promisify(execFile)(pythonPath(), words, { cwd: PYTHON_ROOT })
  return stdout.trim()
}

interface Feed {
  readonly edges: readonly unknown[]
  readonly session: {
    readonly degradation: readonly string[]
    readonly ranking: { readonly model: string; readonly algorithm: string }
  }
}

async function ask(): Promise<Feed> {
  const { data, errors } = await gateway.query(FEED, { viewerId: PERSONAS.ada })
  expect(errors).toBeUndefined()
  return data.homeFeed as Feed
}

interface Check {
  readonly name: string
  readonly details?: Readonly<Record<string, unknown>>
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'homefeed-swap-'))
  served = join(folder, 'served')
  await cp(DEMO, served, { recursive: true })
  gateway = await startDemoGateway({ HOMEFEED_CHECKPOINT: served })
}, 300_000)

afterAll(async () => {
  await gateway.stop()
  await rm(folder, { recursive: true, force: true })
})

it('ranks with the next model from one feed to the other, and with no bad one', async () => {
  const isHealthy = async () => {
    const { session } = await ask()
    return session.degradation.length === 0 ? session.ranking.model : null
  }
  const first = await waitFor(isHealthy, { what: 'a healthy feed', timeoutMs: 90_000 })
  const next = join(folder, 'next')
  const second = await python('-c', SAVE_AGAIN, DEMO, next)
  await python('-m', 'phoenix.checkpoints', 'install', next, served)
  const feeds: Feed[] = []
  const isSwapped = async () => {
    feeds.push(await ask())
    return feeds.at(-1)?.session.ranking.model === second
  }
  await waitFor(isSwapped, { what: 'the next model', timeoutMs: 120_000, everyMs: 50 })
  for (const { edges, session } of feeds) {
    expect(edges).toHaveLength(20)
    expect(session.degradation).toEqual([])
    expect([first, second]).toContain(session.ranking.model)
  }

  await appendFile(join(served, 'ranker', 'model_params.npz'), 'torn')
  const refused = await waitFor(
    async () => {
      const health = (await (await fetch(`${gateway.url}/health/ready`)).json()) as {
        readonly checks: readonly Check[]
      }
      const ranking = health.checks.find(({ name }) => name === 'phoenix-ranking')
      return ranking?.details?.['lastRefusedCheckpoint'] ?? null
    },
    { what: 'the refusal', timeoutMs: 60_000, everyMs: 100 },
  )
  expect(refused).toMatch(/^checkpoint served is refused: ranker\/model_params\.npz: SHA-256 is/)
  expect(await isHealthy()).toBe(second)
}, 300_000)
