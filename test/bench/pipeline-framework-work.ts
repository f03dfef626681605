/** The domain of the framework's benchmark: one kind of candidate and rules over it. */

export const CANDIDATE_COUNT = 1_500
export const HEAD_COUNT = 19
export const NOW_MS = 1_700_000_000_000
export const RESULT_SIZE = 200

export interface BenchQuery {
  readonly viewerId: string
  readonly follows: ReadonlySet<string>
  readonly blocked: ReadonlySet<string>
  readonly seen: ReadonlySet<string>
}

/** As wide as a post candidate. */
export interface BenchCandidate {
  readonly id: string
  readonly authorId: string
  readonly createdAtMs: number
  readonly sources: readonly string[]
  readonly similarity: number | null
  inNetwork: boolean | undefined
  text: string | null | undefined
  languageCode: string | undefined
  replyToId: string | null | undefined
  quotedId: string | null | undefined
  authorHandle: string | undefined
  authorFollowers: number | undefined
  isProtected: boolean | undefined
  mediaCount: number | undefined
  videoDurationMs: number | null | undefined
  subscriptionAuthorId: string | null | undefined
  likeCount: number | undefined
  replyCount: number | undefined
  repostCount: number | undefined
  probabilities: Float32Array | undefined
  dwellSeconds: number | undefined
  weightedScore: number | undefined
  diversityFactor: number | undefined
  outOfNetworkFactor: number | undefined
  score: number | undefined
}

/** Row of what a store would hold of candidate `index`; made once. */
export interface StoredPost {
  readonly text: string
  readonly languageCode: string
  readonly replyToId: string | null
  readonly quotedId: string | null
  readonly handle: string
  readonly followers: number
  readonly isProtected: boolean
  readonly mediaCount: number
  readonly videoDurationMs: number | null
  readonly likes: number
}

const INDEXES = Array.from({ length: CANDIDATE_COUNT }, (_, index) => index)

export const STORE: ReadonlyMap<string, StoredPost> = new Map(
  INDEXES.map((index) => [
    idOf(index),
    {
      text: index % 101 === 0 ? '' : `post number ${index}`,
      languageCode: index % 3 === 0 ? 'de' : 'en',
      replyToId: index % 4 === 0 ? idOf(index + 1) : null,
      quotedId: index % 9 === 0 ? idOf(index + 2) : null,
      handle: `author${index % 300}`,
      followers: (index * 37) % 10_000,
      isProtected: index % 97 === 0,
      mediaCount: index % 3,
      videoDurationMs: index % 5 === 0 ? index * 10 : null,
      likes: (index * 13) % 500,
    },
  ]),
)

/** What a model would answer: one matrix, a row a candidate. */
export const PROBABILITIES = Float32Array.from(
  { length: CANDIDATE_COUNT * HEAD_COUNT },
  (_, index) => ((index * 7919) % 1_000) / 1_000,
)
const WEIGHTS = Float32Array.from({ length: HEAD_COUNT }, (_, head) => (head < 15 ? 1 + head : -9))

export const QUERY: BenchQuery = {
  viewerId: '7',
  follows: new Set(INDEXES.filter((index) => index % 2 === 0).map(authorOf)),
  blocked: new Set([authorOf(11), authorOf(12), authorOf(13)]),
  seen: new Set(INDEXES.filter((index) => index % 12 === 0).map(idOf)),
}

export function idOf(index: number): string {
  return String(1_000_000_000_000_000_000n + BigInt(index))
}

export function authorOf(index: number): string {
  return String(2_000_000_000_000_000_000n + BigInt(index % 300))
}

/** All candidates as a source brings them, every field present. */
export function createCandidates(): BenchCandidate[] {
  return INDEXES.map((index) => ({
    id: idOf(index),
    authorId: authorOf(index),
    createdAtMs: NOW_MS - index * 60_000,
    sources: ['bench'],
    similarity: null,
    inNetwork: undefined,
    text: undefined,
    languageCode: undefined,
    replyToId: undefined,
    quotedId: undefined,
    authorHandle: undefined,
    authorFollowers: undefined,
    isProtected: undefined,
    mediaCount: undefined,
    videoDurationMs: undefined,
    subscriptionAuthorId: undefined,
    likeCount: undefined,
    replyCount: undefined,
    repostCount: undefined,
    probabilities: undefined,
    dwellSeconds: undefined,
    weightedScore: undefined,
    diversityFactor: undefined,
    outOfNetworkFactor: undefined,
    score: undefined,
  }))
}

/** Ten rules, each from state that it makes once a request; true keeps. */
export const RULES: Readonly<
  Record<string, (query: BenchQuery) => (candidate: Readonly<BenchCandidate>) => boolean>
> = {
  DuplicateFilter: () => {
    const ids = new Set<string>()
    return ({ id }) => ids.size < ids.add(id).size
  },
  TextFilter: () => (c) => c.text != null && (c.text !== '' || (c.mediaCount ?? 0) > 0),
  AgeFilter: () => (c) => NOW_MS - c.createdAtMs <= 86_400_000,
  SelfFilter: (query) => (c) => c.authorId !== query.viewerId,
  SubscriptionFilter: () => (c) => c.subscriptionAuthorId == null,
  SeenFilter: (query) => (c) => !query.seen.has(c.id),
  SeenParentFilter: (query) => (c) =>
    c.inNetwork === true || c.replyToId == null || !query.seen.has(c.replyToId),
  KeywordFilter: () => (c) => c.text == null || !c.text.includes('99'),
  BlockedFilter: (query) => (c) => !query.blocked.has(c.authorId),
  ProtectedFilter: () => (c) => c.isProtected !== true || c.inNetwork === true,
}

export function weightedSumOf(row: Float32Array | undefined): number {
  let sum = 0
  if (row === undefined) return sum
  for (let head = 0; head < HEAD_COUNT; head++) sum += (row[head] ?? 0) * (WEIGHTS[head] ?? 0)
  return sum
}

/** Factor of each candidate: 0.7 to the power of how many of its author's score higher. */
export function diversityFactors(
  candidates: readonly Pick<BenchCandidate, 'authorId' | 'weightedScore'>[],
): number[] {
  const order = candidates
    .map((_, index) => index)
    .sort((a, b) => (candidates[b]?.weightedScore ?? 0) - (candidates[a]?.weightedScore ?? 0))
  const counts = new Map<string, number>()
  const factors = new Array<number>(candidates.length).fill(1)
  for (const index of order) {
    const authorId = candidates[index]?.authorId ?? ''
    const count = counts.get(authorId) ?? 0
    counts.set(authorId, count + 1)
    factors[index] = Math.max(0.25, 0.7 ** count)
  }
  return factors
}

export function byScore(a: BenchCandidate, b: BenchCandidate): number {
  const [left, right] = [a.score ?? 0, b.score ?? 0]
  return left < right ? 1 : left > right ? -1 : 0
}

/** Ids and scores of an answer in one text, so that variants can be compared. */
export function toAnswer(selected: readonly BenchCandidate[]): string {
  return selected.map(({ id, score }) => `${id}:${score}`).join(' ')
}

/** Row of the probability matrix of the candidate at this place. */
export function rowOf(index: number): Float32Array {
  return PROBABILITIES.subarray(index * HEAD_COUNT, (index + 1) * HEAD_COUNT)
}
