import { createFeedItem, fatigueNameOf, WHO_TO_FOLLOW } from '../feed-item.ts'
import { source } from '../for-you.components.ts'
import type { ForYouQuery } from '../for-you.query.ts'
import type { Prompt, Prompts } from '../prompts.ts'

export interface PromptsSourceOptions {
  readonly prompts: Prompts
  readonly timeoutMs: number
  /** Prompts of one slate. */
  readonly promptsMax: number
}

/**
 * Prompts that are for this viewer and were not shown to them lately, in the list's order. Where a
 * lost session goes on, the rest of its prompts, while nothing else had come.
 */
export function promptsSource({ prompts, timeoutMs, promptsMax }: PromptsSourceOptions) {
  return source({
    name: 'PromptsSource',
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'prompts',
    timeoutMs,
    params: { promptsMax },
    enable: ({ moduleServedAtMs }) => moduleServedAtMs !== undefined,
    async fetch(query, { nowMs }) {
      const { firstPosition } = query.place
      if (shownBefore(query) < firstPosition) return []
      const due = (await prompts.list()).filter((prompt) => isDue(prompt, query, nowMs))
      return due
        .slice(0, promptsMax - firstPosition)
        .map((prompt) => createFeedItem({ kind: 'prompt', prompt }))
    },
  })
}

/** Prompts that the session has shown. */
function shownBefore({ moduleServedAtMs, place }: Readonly<ForYouQuery>): number {
  return [...(moduleServedAtMs ?? [])].filter(
    ([name, atMs]) => name !== WHO_TO_FOLLOW && atMs >= place.sessionStartedAtMs,
  ).length
}

function isDue(prompt: Prompt, query: Readonly<ForYouQuery>, nowMs: number): boolean {
  if (prompt.showTo === 'FOLLOWS_NOBODY' && query.followsNobody !== true) return false
  const lastMs = query.moduleServedAtMs?.get(fatigueNameOf({ kind: 'prompt', prompt }))
  if (lastMs === undefined) return true
  return lastMs < query.place.sessionStartedAtMs && nowMs - lastMs >= prompt.fatigueMs
}
