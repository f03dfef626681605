import type { PostId } from '../../ids.ts'
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

export interface VisibilityOptions {
  readonly memory: Pick<SafetyMemory, 'postModeration' | 'userLabels'>
  readonly authorLists: AuthorLists
  readonly timeoutMs: number
  /** The request's clock, epoch ms. */
  now(): number
}

/** One entry a subject, in order. */
interface Evidence {
  readonly users: readonly (UserRecord | null | Error)[]
  readonly moderation: readonly (ModerationRecord | Error)[]
  readonly labels: readonly (readonly string[] | Error)[]
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
      const all = subjects.flat()
      const evidence = await loadEvidence(query, all, { ...options, context })
      const answers = judgePosts(all, evidence, facts)
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
    orErrors(loaders.users.loadMany(authorIds), authorIds, limitMs),
    orErrors(loaders.postModeration.loadMany(postIds), postIds, limitMs),
    orErrors(loaders.userLabels.loadMany(authorIds), authorIds, limitMs),
  ])
  return {
    users,
    moderation: remember(postIds, moderation, { memory: memory.postModeration, context }),
    labels: remember(authorIds, labels, { memory: memory.userLabels, context }),
  }
}

/** What is late becomes an error of each key, for the last known good to stand in. */
async function orErrors<K, V>(
  loading: Promise<readonly (V | Error)[]>,
  keys: readonly K[],
  limitMs: number,
): Promise<readonly (V | Error)[]> {
  try {
    return await withinMs(loading, limitMs)
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    return keys.map(() => error)
  }
}

interface Remembering<K extends string, V extends object> {
  readonly memory: LastKnownGood<K, V>
  readonly context: StageContext
}

/** Keeps what was read and replaces what was not by what is kept. */
function remember<K extends string, V extends object>(
  keys: readonly K[],
  loaded: readonly (V | Error)[],
  { memory, context }: Remembering<K, V>,
): readonly (V | Error)[] {
  return keys.map((key, index) => {
    const value = loaded[index] ?? new Error('the loader skipped a key')
    if (!(value instanceof Error)) {
      memory.keep(key, value, context.nowMs)
      return value
    }
    const known = memory.get(key)
    if (known !== undefined) context.degrade('STALE_GRAPH', 'database')
    return known ?? value
  })
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
  shown.forEach(({ post, level: asked }, index) => {
    if (answers.has(post.id)) return
    const level = levels.get(post.id) ?? asked
    const subject = toSubject(post, evidence, index)
    if (subject instanceof Error) {
      answers.set(post.id, subject)
      return
    }
    const { action, rule, labels } = evaluateVisibility(level, subject, facts)
    answers.set(post.id, { action, rule, labels })
    told.push({ action, rule, labels, level })
  })
  publishVerdicts(told)
  return answers
}

function toSubject(post: PostRecord, evidence: Evidence, index: number): VisibilitySubject | Error {
  const author = evidence.users[index] ?? null
  const moderation = evidence.moderation[index] ?? new Error('labels were not read')
  const authorLabels = evidence.labels[index] ?? new Error('labels were not read')
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
