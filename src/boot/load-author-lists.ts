import { readFile } from 'node:fs/promises'
import { toPostId, toUserId } from '../ids.ts'
import { NO_AUTHOR_LISTS } from '../pipeline/visibility/author-lists.ts'
import type { AuthorLists } from '../pipeline/visibility/author-lists.ts'
import { StartError } from './progress.ts'

const LISTS = ['hidden_authors', 'hidden_posts', 'not_recommended_authors', 'trusted_authors']
const NAME = 'HOMEFEED_AUTHOR_LISTS'

/**
 * Reads `{"hidden_authors": ["12"], "hidden_posts": [], "not_recommended_authors": [],
 * "trusted_authors": []}`, each list optional. No file = no lists.
 *
 * @throws {StartError} for a file that cannot be read whole: half a list would show what the other
 * half hides.
 */
export async function loadAuthorLists(file: string | null): Promise<AuthorLists> {
  if (file === null) return NO_AUTHOR_LISTS
  const lists = await readLists(file)
  const idsOf = <T>(name: string, toId: (text: string) => T | null): ReadonlySet<T> =>
    new Set((lists.get(name) ?? []).map((id) => toKnownId(id, name, toId)))
  const loaded: AuthorLists = {
    hiddenAuthorIds: idsOf('hidden_authors', toUserId),
    hiddenPostIds: idsOf('hidden_posts', toPostId),
    notRecommendedAuthorIds: idsOf('not_recommended_authors', toUserId),
    trustedAuthorIds: idsOf('trusted_authors', toUserId),
  }
  for (const id of loaded.trustedAuthorIds) {
    if (loaded.hiddenAuthorIds.has(id) || loaded.notRecommendedAuthorIds.has(id)) {
      throw fault(`trusts author ${id}, whom another of its lists keeps back: decide for one`)
    }
  }
  return loaded
}

async function readLists(file: string): Promise<ReadonlyMap<string, readonly unknown[]>> {
  let content: unknown
  try {
    content = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw fault(`names ${file}, which cannot be read as JSON (${why})`)
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw fault(`names ${file}, which is not an object of lists`)
  }
  const lists = new Map<string, readonly unknown[]>()
  for (const [name, ids] of Object.entries(content)) {
    if (!LISTS.includes(name)) {
      throw fault(`names a list "${name}": give ${LISTS.join(', ')}`)
    }
    if (!Array.isArray(ids)) throw fault(`has "${name}", which is not a list of ids`)
    lists.set(name, ids)
  }
  return lists
}

function toKnownId<T>(id: unknown, list: string, toId: (text: string) => T | null): T {
  const known = typeof id === 'string' || Number.isSafeInteger(id) ? toId(String(id)) : null
  if (known !== null) return known
  throw fault(`has ${JSON.stringify(id)} in "${list}": give ids from 1 to 2^63 - 1 as strings`)
}

function fault(text: string): StartError {
  return new StartError(`${NAME} ${text}.`)
}
