/** Whom a prompt is for. */
export const PROMPT_AUDIENCES = ['EVERYBODY', 'FOLLOWS_NOBODY'] as const

export type PromptAudience = (typeof PROMPT_AUDIENCES)[number]

/** Lower-case words of letters and digits, joined by hyphens, 40 characters at most. */
export function isPromptName(text: string): boolean {
  return text.length <= 40 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text)
}

/** A sentence of the operator's at the head of the feed, with something to do. */
export interface Prompt {
  /** See `isPromptName`: its global id is `item:prompt:` + name. */
  readonly name: string
  readonly title: string
  readonly body: string | null
  /** What a tap does, in the client's own words: a route, a URL; null = nothing. */
  readonly action: string | null
  readonly showTo: PromptAudience
  /** ms until a viewer sees it again; Infinity = once. */
  readonly fatigueMs: number
}

/** The prompts that there are. Asked once a session: answers at once or fails. */
export interface Prompts {
  /** In the order in which they are offered. */
  list(): Promise<readonly Prompt[]>
}

/** A list that is known at the start. */
export function createPrompts(prompts: readonly Prompt[]): Prompts {
  return { list: () => Promise.resolve(prompts) }
}
