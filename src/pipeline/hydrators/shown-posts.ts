import type { PostId } from '../../ids.ts'
import type { Loaders } from '../../store/loaders.ts'
import type { PostRecord } from '../../store/records.ts'
import type { PostCandidate, RelatedPosts } from '../home-feed.candidate.ts'
import { loadEach } from './load-each.ts'

/** A candidate's stored post and what it shows of others. */
export interface ShownPosts {
  readonly core: PostRecord | null
  readonly related: RelatedPosts
}

type Key = Pick<PostCandidate, 'id'>
type Found = ReadonlyMap<PostId, PostRecord | null | Error>

const NOTHING_RELATED: RelatedPosts = { original: null, quoted: null, parent: null, root: null }

/** All hydrators of one stage ask for the same list at once: one walk serves them. */
const walks = new WeakMap<
  Loaders,
  WeakMap<readonly Key[], Promise<readonly (ShownPosts | Error)[]>>
>()

/**
 * One entry a candidate, same order; an `Error` where one of its posts could not be read. At most
 * three statements: the posts, what they point to, what reposted originals point to. A repost
 * shows its original's quoted post, parent and root.
 */
export function loadShownPosts(
  loaders: Loaders,
  candidates: readonly Key[],
): Promise<readonly (ShownPosts | Error)[]> {
  let ofLoaders = walks.get(loaders)
  if (ofLoaders === undefined) walks.set(loaders, (ofLoaders = new WeakMap()))
  let walk = ofLoaders.get(candidates)
  if (walk === undefined) ofLoaders.set(candidates, (walk = walkPosts(loaders, candidates)))
  return walk
}

/** What a repost carries, else the post itself; null when either is gone. */
export function subjectOf({ core, related }: ShownPosts): PostRecord | null {
  return core?.repostOfPostId == null ? core : related.original
}

async function walkPosts(
  loaders: Loaders,
  candidates: readonly Key[],
): Promise<readonly (ShownPosts | Error)[]> {
  const own = await loaders.posts.loadMany(candidates.map(({ id }) => id))
  const shown = new Map(await loadEach(loaders.posts, pointersOf(own)))
  const originals = own.map((post) => (isPost(post) ? lookUp(shown, post.repostOfPostId) : null))
  const further = await loadEach(loaders.posts, pointersOf(originals))
  for (const [id, post] of further) shown.set(id, post)
  return own.map((core) => assemble(core, shown))
}

function isPost(found: PostRecord | null | Error): found is PostRecord {
  return found !== null && !(found instanceof Error)
}

function pointersOf(posts: readonly (PostRecord | null | Error)[]): ReadonlySet<PostId> {
  const ids = new Set<PostId>()
  for (const post of posts) {
    if (!isPost(post)) continue
    if (post.repostOfPostId !== null) ids.add(post.repostOfPostId)
    if (post.quotedPostId !== null) ids.add(post.quotedPostId)
    if (post.replyToPostId === null) continue
    ids.add(post.replyToPostId)
    const rootId = rootIdOf(post)
    if (rootId !== null) ids.add(rootId)
  }
  return ids
}

/** The conversation's first post when the post is neither it nor its direct reply. */
function rootIdOf({ id, conversationId, replyToPostId }: PostRecord): PostId | null {
  const isRoot = conversationId === id || conversationId === replyToPostId
  return isRoot || replyToPostId === null ? null : conversationId
}

function assemble(core: PostRecord | null | Error, found: Found): ShownPosts | Error {
  if (core instanceof Error) return core
  if (core === null || pointsNowhere(core)) return { core, related: NOTHING_RELATED }
  const original = lookUp(found, core.repostOfPostId)
  if (original instanceof Error) return original
  const subject = core.repostOfPostId === null ? core : original
  const quoted = lookUp(found, subject?.quotedPostId)
  const parent = lookUp(found, subject?.replyToPostId)
  const root = lookUp(found, subject && rootIdOf(subject))
  if (quoted instanceof Error) return quoted
  if (parent instanceof Error) return parent
  if (root instanceof Error) return root
  return { core, related: { original, quoted, parent, root } }
}

/** As most posts do. */
function pointsNowhere({ repostOfPostId, quotedPostId, replyToPostId }: PostRecord): boolean {
  return repostOfPostId === null && quotedPostId === null && replyToPostId === null
}

function lookUp(found: Found, id: PostId | null | undefined): PostRecord | null | Error {
  return id == null ? null : (found.get(id) ?? null)
}
