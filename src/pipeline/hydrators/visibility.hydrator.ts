import type { PostId, UserId } from '../../ids.ts'
import type { ModerationRecord, PostRecord, UserRecord } from '../../store/records.ts'
import type { StageContext } from '../framework/component.ts'
import type { AncillaryVerdict, VisibilityVerdict } from '../home-feed.candidate.ts'
import { hydrator } from '../home-feed.components.ts'
import { LAST_KNOWN_GOOD_PARAMS } from '../process.params.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'
import type { LastKnownGood } from '../last-known-good.ts'
import type { SafetyMemory } from '../safety-memory.ts'
import type { AuthorLists } from '../visibility/author-lists.ts'
import { evaluateVisibility } from '../visibility/evaluate-visibility.ts'
import { shownSubjectsOf } from '../visibility/shown-subjects.ts'
import type { ShownSubject } from '../visibility/shown-subjects.ts'
import { publishVerdicts } from '../visibility/verdict-channel.ts'
import { toViewerFacts } from '../visibility/viewer-facts.ts'
import type { ViewerFacts } from '../visibility/viewer-facts.ts'
import type { VisibilityLevel, VisibilitySubject } from '../visibility/visibility-rule.ts'
import { withinMs } from '../within-ms.ts'
import { loadEach } from './load-each.ts'

export interface VisibilityOptions {
  readonly memory: Pick<SafetyMemory, 'postModeration' | 'userLabels'>
  readonly authorLists: AuthorLists
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
 * Judges each post and what it shows of others, which the ancillary filter looks at. A post that is
 * asked for under both levels is a recommendation for all. Labels that cannot be loaded are taken
 * from the last known good; without one the post gets no verdict.
 */
export function visibilityHydrator(options: VisibilityOptions) {
  return hydrator({
    name: 'VisibilityHydrator',
    reads: ['core', 'related', 'inNetwork'],
    writes: ['visibility', 'ancillaryVisibility'],
    failurePolicy: 'fail-closed',
    degradation: 'SAFETY_WITHHELD',
    dependency: 'database',
    timeoutMs: options.timeoutMs,
    async hydrate(query, candidates, context) {
      if (candidates.length === 0) return []
      const facts = toViewerFacts(query, {
        nowMs: context.nowMs,
        authorLists: options.authorLists,
      })
      if (facts === null) throw new Error("the viewer's lists are not known")
      const subjects = candidates.map((candidate) => shownSubjectsOf(candidate))
      const evidence = await loadEvidence(query, subjects.flat(), { ...options, context })
      const answers = judgePosts(subjects.flat(), evidence, facts)
      const patches = subjects.map((shown) => toPatch(shown, answers))
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
    orErrors(loadEach(loaders.users, authorIds), authorIds, limitMs),
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

type Answers = ReadonlyMap<PostId, VisibilityVerdict | Error>

/** One answer a post, at the strictest level that it is asked for under. */
function judgePosts(
  shown: readonly ShownSubject[],
  evidence: Evidence,
  facts: ViewerFacts,
): Answers {
  const levels = new Map<PostId, VisibilityLevel>()
  for (const { post, level } of shown) {
    if (levels.get(post.id) !== 'recommendations') levels.set(post.id, level)
  }
  const answers = new Map<PostId, VisibilityVerdict | Error>()
  const told: (VisibilityVerdict & { readonly level: VisibilityLevel })[] = []
  for (const { post, level: asked } of shown) {
    if (answers.has(post.id)) continue
    const level = levels.get(post.id) ?? asked
    const subject = toSubject(post, evidence)
    if (subject instanceof Error) {
      answers.set(post.id, subject)
      continue
    }
    const { action, rule, labels } = evaluateVisibility(level, subject, facts)
    answers.set(post.id, { action, rule, labels })
    told.push({ action, rule, labels, level })
  }
  publishVerdicts(told)
  return answers
}

function toSubject(post: PostRecord, evidence: Evidence): VisibilitySubject | Error {
  const author = evidence.users.get(post.authorId) ?? null
  const moderation = evidence.moderation.get(post.id) ?? new Error('labels were not read')
  const authorLabels = evidence.labels.get(post.authorId) ?? new Error('labels were not read')
  if (author instanceof Error) return author
  if (moderation instanceof Error) return moderation
  if (authorLabels instanceof Error) return authorLabels
  return { post, author, moderation, authorLabels }
}

function toPatch(shown: readonly ShownSubject[], answers: Answers) {
  let visibility: VisibilityVerdict | null = null
  const ancillaryVisibility: AncillaryVerdict[] = []
  for (const { role, post } of shown) {
    const answer = answers.get(post.id) ?? new Error('the post was not judged')
    if (answer instanceof Error) return answer
    if (role === 'post') visibility = answer
    else ancillaryVisibility.push({ ...answer, role })
  }
  // Made only when needed: a stack trace for each post costs more than all rules.
  if (visibility === null) return new Error('the post was not read')
  return { visibility, ancillaryVisibility }
}
