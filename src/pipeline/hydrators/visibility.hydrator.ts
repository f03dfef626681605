import type { PostId, UserId } from '../../ids.ts'
import type { ModerationRecord, UserRecord } from '../../store/records.ts'
import type { StageContext } from '../framework/component.ts'
import type { VisibilityVerdict } from '../home-feed.candidate.ts'
import { hydrator } from '../home-feed.components.ts'
import { LAST_KNOWN_GOOD_PARAMS } from '../process.params.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'
import type { LastKnownGood } from '../last-known-good.ts'
import type { SafetyMemory } from '../safety-memory.ts'
import { evaluateVisibility } from '../visibility/evaluate-visibility.ts'
import { shownSubjectsOf } from '../visibility/shown-subjects.ts'
import type { ShownSubject } from '../visibility/shown-subjects.ts'
import { toViewerFacts } from '../visibility/viewer-facts.ts'
import type { ViewerFacts } from '../visibility/viewer-facts.ts'
import { withinMs } from '../within-ms.ts'
import { loadEach, loadEachOrNull } from './load-each.ts'

export interface VisibilityOptions {
  readonly memory: Pick<SafetyMemory, 'postModeration' | 'userLabels'>
  readonly timeoutMs: number
  /** The request's clock, epoch ms. */
  now(): number
}

interface Evidence {
  readonly users: ReadonlyMap<UserId, UserRecord | null | Error>
  readonly moderation: ReadonlyMap<PostId, ModerationRecord | Error>
  readonly labels: ReadonlyMap<UserId, readonly string[] | Error>
}

/**
 * Judges each post together with what it shows of others: a dropped original, quoted post, parent
 * or root drops the item; a deleted one is a tombstone and does not. Labels that cannot be loaded
 * are taken from the last known good; without one the post gets no verdict.
 */
export function visibilityHydrator(options: VisibilityOptions) {
  return hydrator({
    name: 'VisibilityHydrator',
    reads: ['core', 'related', 'inNetwork'],
    writes: ['visibility'],
    failurePolicy: 'fail-closed',
    degradation: 'SAFETY_WITHHELD',
    dependency: 'database',
    timeoutMs: options.timeoutMs,
    async hydrate(query, candidates, context) {
      if (candidates.length === 0) return []
      const facts = toViewerFacts(query, context.nowMs)
      if (facts === null) throw new Error("the viewer's lists are not known")
      const subjects = candidates.map((candidate) => shownSubjectsOf(candidate))
      const evidence = await loadEvidence(query, subjects.flat(), { ...options, context })
      const patches = subjects.map((shown) => {
        const visibility = judge(shown, evidence, facts)
        return visibility instanceof Error ? visibility : { visibility }
      })
      const failure = patches[0]
      if (failure instanceof Error && patches.every((patch) => patch instanceof Error)) {
        throw failure
      }
      return patches
    },
  })
}

async function loadEvidence(
  { loaders }: Readonly<HomeFeedQuery>,
  shown: readonly ShownSubject[],
  { memory, context, now }: VisibilityOptions & { readonly context: StageContext },
): Promise<Evidence> {
  const postIds = shown.map(({ post }) => post.id)
  const authorIds = shown.map(({ post }) => post.authorId)
  const leftMs = context.deadlineMs - now()
  const limitMs = Math.max(leftMs - LAST_KNOWN_GOOD_PARAMS.marginMs, leftMs / 2)
  const [users, moderation, labels] = await Promise.all([
    orErrors(loadEachOrNull(loaders.users, authorIds), authorIds, limitMs),
    orErrors(loadEach(loaders.postModeration, postIds), postIds, limitMs),
    orErrors(loadEach(loaders.userLabels, authorIds), authorIds, limitMs),
  ])
  return {
    users,
    moderation: remember(moderation, memory.postModeration, context),
    labels: remember(labels, memory.userLabels, context),
  }
}

/** What is late becomes an error of each key, for the last known good to stand in. */
async function orErrors<K, V>(
  loading: Promise<ReadonlyMap<K, V | Error>>,
  keys: readonly K[],
  limitMs: number,
): Promise<ReadonlyMap<K, V | Error>> {
  try {
    return await withinMs(loading, limitMs)
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    return new Map(keys.map((key) => [key, error]))
  }
}

/** Keeps what was read and replaces what was not by what is kept. */
function remember<K extends string, V extends object>(
  loaded: ReadonlyMap<K, V | Error>,
  memory: LastKnownGood<K, V>,
  context: StageContext,
): ReadonlyMap<K, V | Error> {
  const values = new Map<K, V | Error>()
  for (const [key, value] of loaded) {
    if (!(value instanceof Error)) memory.keep(key, value, context.nowMs)
    const known = value instanceof Error ? memory.get(key) : value
    if (value instanceof Error && known !== undefined) context.degrade('STALE_GRAPH', 'database')
    values.set(key, known ?? value)
  }
  return values
}

function judge(
  shown: readonly ShownSubject[],
  evidence: Evidence,
  facts: ViewerFacts,
): VisibilityVerdict | Error {
  if (shown.length === 0) return new Error('the post was not read')
  let verdict: VisibilityVerdict = { action: 'allow', rule: null, labels: [] }
  for (const { role, post, level } of shown) {
    const author = evidence.users.get(post.authorId) ?? null
    const moderation = evidence.moderation.get(post.id) ?? new Error('labels were not read')
    const authorLabels = evidence.labels.get(post.authorId) ?? []
    if (author instanceof Error) return author
    if (moderation instanceof Error) return moderation
    if (authorLabels instanceof Error) return authorLabels
    const answer = evaluateVisibility(level, { post, author, moderation, authorLabels }, facts)
    const rule = role === 'post' ? answer.rule : `${role}:${answer.rule}`
    if (answer.action === 'drop') return { action: 'drop', rule, labels: answer.labels }
    if (answer.action === 'interstitial' && verdict.action === 'allow') {
      verdict = { action: 'interstitial', rule, labels: answer.labels }
    }
  }
  return verdict
}
