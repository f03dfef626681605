import { createPostCandidate } from '../home-feed.candidate.ts'
import { source } from '../home-feed.components.ts'

/**
 * The posts of the viewer's cached pool, with what the model said of them and without a fact: all
 * that decides who may see them is read anew. Scores are computed anew too, by today's weights.
 */
export function cachedPostsSource() {
  return source({
    name: 'CachedPostsSource',
    writes: ['probabilities', 'dwellSeconds', 'modelVersion'],
    failurePolicy: 'fail-open',
    enable: ({ cachedPool }) => cachedPool != null,
    async fetch({ cachedPool }) {
      if (cachedPool == null) return []
      const { posts, modelVersion } = cachedPool
      return posts.map(({ probabilities, dwellSeconds, ...identity }) => {
        const sources = [...identity.sources, 'cached-posts' as const]
        const candidate = createPostCandidate({ ...identity, sources })
        candidate.probabilities = probabilities
        candidate.dwellSeconds = dwellSeconds
        candidate.modelVersion = modelVersion
        return candidate
      })
    },
  })
}
