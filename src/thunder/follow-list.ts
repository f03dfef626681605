import { LRUCache } from 'lru-cache'
import type { UserId } from '../ids.ts'
import { ROW_LENGTH, ROW_SIZE, type AuthorTable } from './author-table.ts'
import { splitId } from './id-halves.ts'
import { AUTHORS_PER_REQUEST_MAX, FOLLOWS_CACHED_MAX } from './thunder.params.ts'

/** The authors of a request, as reads take them. */
export interface FollowList {
  /** Dense numbers, ascending, each once. */
  readonly authors: Int32Array
  /** Entries that their timelines held when last counted. */
  entries: number
  /** Posts ever published when they were counted. */
  countedAt: number
}

const halves = { low: 0, high: 0 }

function sortedOnce(numbers: Int32Array): Int32Array {
  numbers.sort()
  let kept = 0
  for (const number of numbers) {
    if (number === 0 || (kept > 0 && numbers[kept - 1] === number)) continue
    numbers[kept] = number
    kept += 1
  }
  return numbers.slice(0, kept)
}

/**
 * The first 10,000 of these authors as a list to read by. With `intern` as the lookup it holds for
 * good, as authors without a post get a number too; with `find` it leaves them out and holds until
 * the next write.
 */
export function createFollowList(
  authorIds: readonly UserId[],
  numberOf: (low: number, high: number) => number,
): FollowList {
  const count = Math.min(authorIds.length, AUTHORS_PER_REQUEST_MAX)
  const numbers = new Int32Array(count)
  for (let at = 0; at < count; at += 1) {
    const { low, high } = splitId(authorIds[at] ?? '', halves)
    numbers[at] = numberOf(low, high)
  }
  return { authors: sortedOnce(numbers), entries: 0, countedAt: -Infinity }
}

/** Counts the entries anew when the store has changed by more than a sixteenth. */
export function recount(list: FollowList, table: AuthorTable, published: number): void {
  if (published - list.countedAt <= published / 16) return
  let entries = 0
  for (let at = 0; at < list.authors.length; at += 1) {
    entries += table.rows[(list.authors[at] ?? 0) * ROW_SIZE + ROW_LENGTH] ?? 0
  }
  list.entries = entries
  list.countedAt = published
}

/** Follow lists by viewer, the ones used last; an entry counts for one version of the follows. */
export class FollowListCache {
  readonly #lists = new LRUCache<UserId, { readonly version: string; readonly list: FollowList }>({
    maxSize: FOLLOWS_CACHED_MAX,
    sizeCalculation: ({ list }) => list.authors.length + 1,
  })
  readonly #authors: AuthorTable

  constructor(authors: AuthorTable) {
    this.#authors = authors
  }

  /** The viewer's list, made from these ids unless this version of it is known. */
  get(viewerId: UserId, version: string, authorIds: readonly UserId[]): FollowList {
    const known = this.#lists.get(viewerId)
    if (known?.version === version) return known.list
    const list = createFollowList(authorIds, (low, high) => this.#authors.intern(low, high))
    this.#lists.set(viewerId, { version, list })
    return list
  }
}
