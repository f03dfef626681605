import { expect, it } from 'vitest'
import { createPrompts } from '../../../../src/pipeline/blending/prompts.ts'
import type { Prompt } from '../../../../src/pipeline/blending/prompts.ts'
import { promptsSource } from '../../../../src/pipeline/blending/sources/prompts.source.ts'
import { PROMPT } from '../../contract-world.ts'
import { NOW_MS, stageContext } from '../../home-feed-fixtures.ts'
import { bareForYouQuery, filledForYouQuery, namesOf } from '../blending-fixtures.ts'

const { context } = stageContext()
const FIRST: Prompt = { ...PROMPT, name: 'first', fatigueMs: 20_000 }
const LONELY: Prompt = { ...PROMPT, name: 'lonely', showTo: 'FOLLOWS_NOBODY' }
const ONCE: Prompt = { ...PROMPT, name: 'once', fatigueMs: Infinity }

interface Case {
  readonly what: string
  readonly served?: Readonly<Record<string, number>>
  readonly followsNobody?: boolean
  readonly promptsMax?: number
  readonly fatigueMs?: number
  /** Of a session that began ten seconds ago. */
  readonly firstPosition?: number
  readonly expected: string
}

const CASES: readonly Case[] = [
  { what: 'all that are for everybody', expected: 'q:first q:once' },
  { what: 'so many', promptsMax: 1, expected: 'q:first' },
  {
    what: 'those of viewers who follow nobody',
    followsNobody: true,
    expected: 'q:first q:lonely q:once',
  },
  {
    what: 'none that was shown lately',
    served: { 'prompt:first': NOW_MS - 19_999 },
    expected: 'q:once',
  },
  {
    what: 'it again when time has passed',
    served: { 'prompt:first': NOW_MS - 20_000 },
    expected: 'q:first q:once',
  },
  { what: 'once what is shown once', served: { 'prompt:once': 0 }, expected: 'q:first' },
  {
    what: 'none twice in a session, however short its fatigue',
    served: { 'prompt:first': NOW_MS - 9_000, 'prompt:once': 0 },
    fatigueMs: 0,
    expected: '',
  },
  { what: 'none where posts have begun', firstPosition: 1, expected: '' },
  {
    what: 'none where posts and who-to-follow have begun',
    served: { 'prompt:first': NOW_MS - 9_000, 'who-to-follow': NOW_MS - 9_000 },
    firstPosition: 2,
    expected: '',
  },
  {
    what: 'the rest where a lost session goes on among its prompts',
    served: { 'prompt:first': NOW_MS - 9_000 },
    firstPosition: 1,
    expected: 'q:once',
  },
  {
    what: 'no more than there were',
    served: { 'prompt:first': NOW_MS - 9_000 },
    firstPosition: 1,
    promptsMax: 1,
    expected: '',
  },
]

it.each(CASES)(
  'brings $what',
  async ({ served = {}, followsNobody = false, expected, ...rest }) => {
    const { promptsMax = 9, firstPosition = 0, fatigueMs = FIRST.fatigueMs } = rest
    const prompts = createPrompts([{ ...FIRST, fatigueMs }, LONELY, ONCE])
    const source = promptsSource({ prompts, timeoutMs: 100, promptsMax })
    const moduleServedAtMs = new Map(Object.entries(served))
    const place = { firstPosition, sessionStartedAtMs: NOW_MS - 10_000 }
    const query = filledForYouQuery({ moduleServedAtMs, followsNobody, place })
    expect(namesOf(await source.fetch(query, context))).toBe(expected)
  },
)

it('is off while nobody knows what was shown, and fails with its list', async () => {
  const list = () => Promise.reject(new Error('no list'))
  const source = promptsSource({ prompts: { list }, timeoutMs: 100, promptsMax: 1 })
  expect(source.enable?.(bareForYouQuery())).toBe(false)
  await expect(source.fetch(filledForYouQuery(), context)).rejects.toThrow('no list')
})
