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

const BUSY = ['OVERLOADED', 'SAFETY_UNAVAILABLE', 'DEADLINE_EXCEEDED']

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

/** A feed; null when the machine is too busy for one, which it says. */
async function ask(): Promise<Feed | null> {
  const { data, errors } = await gateway.query(FEED, { viewerId: PERSONAS.ada })
  if (errors === undefined) return data.homeFeed as Feed
  for (const { extensions } of errors) expect(BUSY).toContain(extensions.code)
  return null
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
  const rankedBy = async () => {
    const feed = await ask()
    if (feed === null || feed.session.degradation.length > 0) return null
    expect(feed.edges).toHaveLength(20)
    return feed.session.ranking.model
  }
  const first = await waitFor(rankedBy, { what: 'a healthy feed', timeoutMs: 90_000 })
  const next = join(folder, 'next')
  const second = await python('-c', SAVE_AGAIN, DEMO, next)
  await python('-m', 'phoenix.checkpoints', 'install', next, served)
  const models = new Set<string>()
  const isSwapped = async () => {
    const model = await rankedBy()
    if (model !== null) models.add(model)
    return model === second
  }
  await waitFor(isSwapped, { what: 'the next model', timeoutMs: 120_000, everyMs: 50 })
  models.add(first)
  expect(models).toEqual(new Set([first, second]))

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
  expect(await waitFor(rankedBy, { what: 'a healthy feed', timeoutMs: 90_000 })).toBe(second)
}, 300_000)
