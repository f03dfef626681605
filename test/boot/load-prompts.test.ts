import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadPrompts } from '../../src/boot/load-prompts.ts'
import { StartError } from '../../src/boot/progress.ts'

const PROMPT = {
  name: 'welcome',
  title: 'Welcome',
  body: 'Read on.',
  action: '/tour',
  showTo: 'EVERYBODY',
  fatigueHours: 24,
}

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'homefeed-prompts-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

async function load(content: unknown) {
  const path = join(directory, 'prompts.json')
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return (await loadPrompts(path)).list()
}

async function faultOf(content: unknown): Promise<string> {
  const error = await load(content).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof StartError) return error.message
  throw new Error('the list was taken', { cause: error })
}

describe('loadPrompts', () => {
  it('reads a list; hours that are null mean once', async () => {
    const { body: _body, action: _action, ...bare } = PROMPT
    expect(await load([PROMPT, { ...bare, name: 'once', fatigueHours: null }])).toEqual([
      {
        name: 'welcome',
        title: 'Welcome',
        body: 'Read on.',
        action: '/tour',
        showTo: 'EVERYBODY',
        fatigueMs: 24 * 3_600_000,
      },
      {
        name: 'once',
        title: 'Welcome',
        body: null,
        action: null,
        showTo: 'EVERYBODY',
        fatigueMs: Infinity,
      },
    ])
    expect(await load([])).toEqual([])
  })

  it('has a prompt of its own for those who follow nobody', async () => {
    const prompts = await (await loadPrompts(null)).list()
    expect(prompts).toMatchObject([{ name: 'follow-accounts', showTo: 'FOLLOWS_NOBODY' }])
  })

  it.each<[string, unknown, string]>([
    ['no JSON', '[', 'is not a JSON list'],
    ['no list', { prompts: [] }, 'is not a JSON list'],
    ['a text', ['welcome'], 'entry 0 is no object'],
    ['a field of another feature', [{ ...PROMPT, colour: 'red' }], 'entry 0 has "colour"'],
    ['a name with a space', [PROMPT, { ...PROMPT, name: 'a b' }], 'entry 1 needs a `name`'],
    ['a long name', [{ ...PROMPT, name: 'a'.repeat(41) }], 'entry 0 needs a `name`'],
    ['an empty title', [{ ...PROMPT, title: ' ' }], 'entry 0 needs a `title`'],
    ['a body of a number', [{ ...PROMPT, body: 1 }], 'entry 0 has a `body`'],
    ['a long action', [{ ...PROMPT, action: 'x'.repeat(501) }], 'entry 0 has an `action`'],
    ['nobody to show it to', [{ ...PROMPT, showTo: 'NOBODY' }], 'entry 0 needs `showTo`'],
    ['no fatigue', [{ ...PROMPT, fatigueHours: 0 }], 'entry 0 needs `fatigueHours`'],
    ['fatigue beyond memory', [{ ...PROMPT, fatigueHours: 2161 }], 'entry 0 needs `fatigueHours`'],
    ['one name twice', [PROMPT, PROMPT], 'has two prompts named "welcome"'],
    ['too many', Array.from({ length: 21 }, () => PROMPT), 'has 21 prompts: give 20'],
  ])('refuses %s, and says where', async (_what, content, fault) => {
    const message = await faultOf(content)
    expect(message).toContain('HOMEFEED_PROMPTS names')
    expect(message).toContain(fault)
  })

  it('refuses a file that is not there', async () => {
    await expect(loadPrompts(join(directory, 'absent.json'))).rejects.toThrow('cannot be read')
  })
})
