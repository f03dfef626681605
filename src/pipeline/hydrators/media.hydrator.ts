import type { MediaRecord } from '../../store/records.ts'
import { hydrator } from '../home-feed.components.ts'
import { loadEach } from './load-each.ts'
import { loadShownPosts, subjectOf } from './shown-posts.ts'

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
      const subjects = shown.map((each) => (each instanceof Error ? null : subjectOf(each)))
      const media = await loadEach(
        loaders.media,
        subjects.flatMap((post) => (post === null ? [] : [post.id, post.quotedPostId ?? post.id])),
      )
      return shown.map((each, index) => {
        if (each instanceof Error) return each
        const subject = subjects[index] ?? null
        if (subject === null) return { mediaKinds: [], altTexts: [], videoDurationMs: null }
        const own = media.get(subject.id) ?? []
        const quoted = subject.quotedPostId === null ? [] : (media.get(subject.quotedPostId) ?? [])
        if (own instanceof Error) return own
        if (quoted instanceof Error) return quoted
        return {
          mediaKinds: [...new Set(own.map(({ kind }) => kind))],
          altTexts: [...own, ...quoted].flatMap(({ altText }) => altText ?? []),
          videoDurationMs: shortestVideoMs(own),
        }
      })
    },
  })
}

/** Null = no video; a video of unknown length counts as 0 ms. */
function shortestVideoMs(media: readonly MediaRecord[]): number | null {
  const durations = media.flatMap(({ kind, durationMs }) =>
    kind === 'video' ? [durationMs ?? 0] : [],
  )
  return durations.length === 0 ? null : Math.min(...durations)
}
