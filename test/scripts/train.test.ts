import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'homefeed-train-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly said: string
}

function train(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const env = { ...process.env, HOMEFEED_CHECKPOINT: '', ...environment }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['scripts/train.mjs', ...args],
      { cwd: ROOT, env },
      (error, out, said) => resolve({ code: Number(error?.code ?? 0), said: out + said }),
    )
  })
}

it('explains itself, and what is wrong with its arguments', async () => {
  expect(await train(['--help'])).toMatchObject({
    code: 0,
    said: expect.stringContaining('Usage: npm run train'),
  })
  const wrong = [
    [['--lgo', 'x'], "Unknown option '--lgo'"],
    [['--holdout-hours', '0'], '--holdout-hours is "0": give 1 or more.'],
    [['--install'], '--install needs a place: set HOMEFEED_CHECKPOINT'],
  ] as const
  for (const [args, sentence] of wrong) {
    expect(await train(args)).toMatchObject({ code: 1, said: expect.stringContaining(sentence) })
  }
})

it('says what to do while the log is empty', async () => {
  const { code, said } = await train([], { HOMEFEED_TRAINING_LOG_DIR: directory })
  expect(code).toBe(1)
  expect(said).toContain(`${directory} holds 0 impressions`)
  expect(said).toContain('phoenix.data.demo_log --out DIR')
})
