import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { RankRequest } from '../../../src/gen/phoenix.ts'
import { trustPostId, trustUserId } from '../../../src/ids.ts'
import type { RankQuery } from '../../../src/phoenix/ranking-client.ts'
import {
  SampledRankingClient,
  type TokenSample,
} from '../../../src/phoenix/sampled-ranking-client.ts'
import { TokenSampleFile } from '../../../src/store/training-log/token-sample-file.ts'
import { unhurried } from '../../phoenix/grpc-server.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'homefeed-samples-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

function query(requestId: string): RankQuery {
  const candidate = { postId: trustPostId('5'), authorId: trustUserId('6'), createdAtMs: 7 }
  return { requestId, viewerId: trustUserId('1'), actions: [], candidates: [candidate], nowMs: 9 }
}

const answer = {
  probabilities: new Float32Array(18),
  dwellSeconds: new Float32Array(1),
  modelVersion: 'm',
}

async function idsSampledAt(rate: number): Promise<readonly string[]> {
  const kept: TokenSample[] = []
  const client = new SampledRankingClient({
    ranking: { rank: () => Promise.resolve(answer) },
    rate,
    keep: (sample) => kept.push(sample),
  })
  for (let number = 0; number < 1_000; number += 1) {
    expect(await client.rank(query(`request ${number}`), unhurried())).toBe(answer)
  }
  return kept.map(({ requestId }) => requestId)
}

it('samples whole requests: the share asked for, and a larger share holds it', async () => {
  const [none, tenth, half, all] = await Promise.all([0, 0.1, 0.5, 1].map(idsSampledAt))
  expect(none).toEqual([])
  expect(all).toHaveLength(1_000)
  expect(tenth?.length).toBeGreaterThan(60)
  expect(tenth?.length).toBeLessThan(140)
  expect(half).toEqual(expect.arrayContaining([...(tenth ?? [])]))
})

it('keeps nothing of a request that the ranker refused', async () => {
  const kept: TokenSample[] = []
  const client = new SampledRankingClient({
    ranking: { rank: () => Promise.reject(new Error('away')) },
    rate: 1,
    keep: (sample) => kept.push(sample),
  })
  await expect(client.rank(query('r'), unhurried())).rejects.toThrow('away')
  expect(kept).toEqual([])
})

const sample = (requestId: string): TokenSample => ({
  requestId,
  modelVersion: 'm',
  request: RankRequest.encode(RankRequest.fromPartial({ userId: 1n })).finish(),
})

it('writes a line a sample, that decodes to the request', async () => {
  const file = new TokenSampleFile(join(directory, 'made when absent'))
  file.add(sample('a'))
  file.add(sample('b'))
  await file.close()
  const lines = (await readFile(file.path, 'utf8')).trim().split('\n')
  const read = lines.map((line) => JSON.parse(line) as { requestId: string; request: string })
  expect(read.map(({ requestId }) => requestId)).toEqual(['a', 'b'])
  expect(RankRequest.decode(Buffer.from(read[0]?.request ?? '', 'base64')).userId).toBe(1n)
})

it('begins a new file when one is full, and keeps the one before', async () => {
  const file = new TokenSampleFile(directory)
  await writeFile(file.path, '')
  await truncate(file.path, 64 * 1024 * 1024)
  file.add(sample('new'))
  await file.close()
  expect((await readFile(file.path, 'utf8')).split('\n')).toHaveLength(2)
  expect((await readFile(`${file.path}.before`)).length).toBe(64 * 1024 * 1024)
})

it('drops what the disk cannot take, and what would wait too long, and counts it', async () => {
  await writeFile(join(directory, 'file'), '')
  const broken = new TokenSampleFile(join(directory, 'file'))
  broken.add(sample('lost'))
  await broken.close()
  expect(broken.stats()).toMatchObject({ written: 0, dropped: 1 })
  const busy = new TokenSampleFile(directory)
  for (let number = 0; number < 150; number += 1) busy.add(sample(String(number)))
  await busy.close()
  expect(busy.stats()).toEqual({ written: 100, dropped: 50, lastError: null })
})
