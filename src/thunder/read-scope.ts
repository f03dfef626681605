import type { AuthorTable } from './author-table.ts'
import { ExclusionTable } from './exclusion-table.ts'
import type { FollowList } from './follow-list.ts'

/** What a read asks for, in the store's own terms: no ids to look up, slots as the answer. */
export interface SlotRequest {
  readonly follows: FollowList
  /** The viewer's dense number; 0 = nobody the store knows. */
  readonly viewer: number
  /** Post ids as pairs [low, high]. */
  readonly excluded: Int32Array
  /** 1 to 1,200 (videos: 600). */
  readonly resultsMax: number
  readonly kind: 'posts' | 'videos'
  /** Default `cheapest`, by estimated cost. All answer the same. */
  readonly plan?: 'cheapest' | 'authors' | 'global'
}

/** One read's state, used again by the next read so that reads allocate nothing. */
export class ReadScope {
  readonly exclusions = new ExclusionTable()
  readonly #authors: AuthorTable
  /** Authors with this stamp are followed. */
  stamp = 0
  viewer = 0
  /** Epoch seconds; what is older has expired. */
  oldestSeconds = 0
  resultsMax = 0

  constructor(authors: AuthorTable) {
    this.#authors = authors
  }

  /** Stamps the followed authors and takes in the exclusions. */
  begin(request: SlotRequest, oldestSeconds: number): void {
    this.viewer = request.viewer
    this.oldestSeconds = oldestSeconds
    this.resultsMax = request.resultsMax
    this.exclusions.fill(request.excluded)
    const stamp = this.#authors.nextStamp()
    const { stamps } = this.#authors
    const follows = request.follows.authors
    for (let at = 0; at < follows.length; at += 1) {
      const author = follows[at] ?? 0
      stamps[author * 2] = stamp
      stamps[author * 2 + 1] = 0
    }
    this.stamp = stamp
  }
}
