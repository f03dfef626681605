import { readFile } from 'node:fs/promises'
import { createPrompts, isPromptName, PROMPT_AUDIENCES } from '../pipeline/blending/prompts.ts'
import type { Prompt, PromptAudience, Prompts } from '../pipeline/blending/prompts.ts'
import { DEFAULT_PROMPTS } from '../pipeline/process.params.ts'
import { StartError } from './progress.ts'

const PROMPTS_MAX = 20
const TITLE_MAX = 100
const BODY_MAX = 500
const ACTION_MAX = 500
const FATIGUE_HOURS_MAX = 24 * 90
const HOUR_MS = 3_600_000
const KEYS: readonly string[] = ['name', 'title', 'body', 'action', 'showTo', 'fatigueHours']

/**
 * The operator's list of prompts: JSON, checked whole before anything is served.
 *
 * @param path Null = our own list.
 * @throws {StartError} that names the file, the entry and what to give.
 */
export async function loadPrompts(path: string | null): Promise<Prompts> {
  if (path === null) return createPrompts(DEFAULT_PROMPTS)
  const refuse = (fault: string): never => {
    throw new StartError(`HOMEFEED_PROMPTS names ${path}, ${fault}`)
  }
  const text = await readFile(path, 'utf8').catch(() => refuse('which cannot be read.'))
  const list = parse(text) ?? refuse('which is not a JSON list.')
  if (list.length > PROMPTS_MAX) refuse(`which has ${list.length} prompts: give ${PROMPTS_MAX}.`)
  const prompts = list.map((entry, index) => {
    const prompt = toPrompt(entry)
    return typeof prompt === 'string' ? refuse(`whose entry ${index} ${prompt}.`) : prompt
  })
  const names = prompts.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) refuse(`which has two prompts named "${twice}".`)
  return createPrompts(prompts)
}

function parse(text: string): readonly unknown[] | null {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

/** Or what is wrong with it. */
function toPrompt(entry: unknown): Prompt | string {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return 'is no object'
  const fields: Readonly<Record<string, unknown>> = { ...entry }
  const unknown = Object.keys(fields).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) return `has "${unknown}": give ${KEYS.join(', ')}`
  const { name, title, body = null, action = null, showTo, fatigueHours } = fields
  if (typeof name !== 'string' || !isPromptName(name)) {
    return 'needs a `name` of at most 40 lower-case letters, digits and single hyphens'
  }
  if (!isText(title, TITLE_MAX)) return `needs a \`title\` of 1 to ${TITLE_MAX} characters`
  if (body !== null && !isText(body, BODY_MAX))
    return `has a \`body\` beyond ${BODY_MAX} characters`
  if (action !== null && !isText(action, ACTION_MAX)) {
    return `has an \`action\` beyond ${ACTION_MAX} characters`
  }
  if (!isAudience(showTo)) return `needs \`showTo\`: ${PROMPT_AUDIENCES.join(' or ')}`
  const fatigueMs = toFatigueMs(fatigueHours)
  if (fatigueMs === null) {
    return `needs \`fatigueHours\` from 1 to ${FATIGUE_HOURS_MAX}, or null for once`
  }
  return { name, title, body, action, showTo, fatigueMs }
}

function isText(value: unknown, charactersMax: number): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= charactersMax
}

function isAudience(value: unknown): value is PromptAudience {
  return PROMPT_AUDIENCES.some((audience) => audience === value)
}

/** History is kept for as long as hours may be given. */
function toFatigueMs(hours: unknown): number | null {
  if (hours === null) return Infinity
  const isGood = typeof hours === 'number' && hours >= 1 && hours <= FATIGUE_HOURS_MAX
  return isGood ? hours * HOUR_MS : null
}
