import type { PostId } from '../../ids.ts'
import type { MediaKind, MediaRecord } from '../../store/records.ts'
import { hydrator } from '../home-feed.components.ts'
import { loadShownPosts, subjectOf, type ShownPosts } from './shown-posts.ts'

/** Media of what is shown: of the original, for a repost; texts of the quoted post's too. */
export function mediaHydrator({ timeoutMs }: { readonly timeoutMs: number }) {
  return hydrator({
    name: 'MediaHydrator',
    writes: ['mediaKinds', 'altTexts', 'videoDurationMs'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    async hydrate({ loaders }, candidates) {
      const shown = await loadShownPosts(loaders, candidates)
      const media = await loaders.media.loadMany(mediaIdsOf(shown))
      let next = 0
      return shown.map((each) => {
        if (each instanceof Error) return each
        const subject = subjectOf(each)
        if (subject === null) return NO_MEDIA
        const own = media[next++] ?? []
        // A deleted quoted post is shown as such: what it said counts no more.
        const quoted = each.related.quoted === null ? [] : (media[next++] ?? [])
        if (own instanceof Error) return own
        if (quoted instanceof Error) return quoted
        if (own.length === 0 && quoted.length === 0) return NO_MEDIA
        return {
          mediaKinds: kindsOf(own),
          altTexts: altTextsOf([...own, ...quoted]),
          videoDurationMs: shortestVideoMs(own),
        }
      })
    },
  })
}

function kindsOf(media: readonly MediaRecord[]): readonly MediaKind[] {
  const kinds = media.map(({ kind }) => kind)
  return kinds.length > 1 ? [...new Set(kinds)] : kinds
}

function altTextsOf(media: readonly MediaRecord[]): readonly string[] {
  return media.map(({ altText }) => altText).filter((text) => text !== null)
}

/** What most posts have: one object for all of them. */
const NO_MEDIA = { mediaKinds: [], altTexts: [], videoDurationMs: null } as const

/** Of each post its own id and its quoted post's, in order. */
function mediaIdsOf(shown: readonly (ShownPosts | Error)[]): readonly PostId[] {
  const ids: PostId[] = []
  for (const each of shown) {
    if (each instanceof Error) continue
    const subject = subjectOf(each)
    if (subject === null) continue
    ids.push(subject.id)
    if (each.related.quoted !== null) ids.push(each.related.quoted.id)
  }
  return ids
}

/** Null = no video; a video of unknown length counts as 0 ms. */
function shortestVideoMs(media: readonly MediaRecord[]): number | null {
  let shortestMs: number | null = null
  for (const { kind, durationMs } of media) {
    if (kind === 'video') shortestMs = Math.min(durationMs ?? 0, shortestMs ?? Infinity)
  }
  return shortestMs
}
