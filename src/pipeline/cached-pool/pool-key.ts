import { createHash } from 'node:crypto'
import { spellFilter, type HomeFeedQuery } from '../home-feed.query.ts'

/** Changes when a pool's form or meaning does, so that none of an older release is read. */
const VERSION = 1

type KeyFields = Pick<
  HomeFeedQuery,
  'viewerId' | 'filter' | 'languages' | 'countryCode' | 'settingsDigest'
>

/** Equal for requests that would choose from the same posts by the same rules. */
export function poolKeyOf(query: Readonly<KeyFields>): string {
  const { viewerId, filter, languages, countryCode, settingsDigest } = query
  const asked = [spellFilter(filter), languages.toSorted(), countryCode]
  return JSON.stringify([VERSION, viewerId, asked, settingsDigest])
}

type StateFields = Pick<
  HomeFeedQuery,
  | 'actionSequence'
  | 'followedIds'
  | 'blockedIds'
  | 'mutedIds'
  | 'mutedRepostIds'
  | 'mutedKeywords'
  | 'subscribedIds'
  | 'followedTopicIds'
>

/**
 * A digest of all that a viewer's own actions change: history and lists, as every request reads
 * them anyway. Null when one of them could not be read. What others do (they block the viewer) is
 * not in it: filters judge by the facts of now.
 */
export function viewerStateOf(query: Readonly<StateFields>): string | null {
  const { actionSequence, mutedKeywords } = query
  const lists = [
    query.followedIds,
    query.blockedIds,
    query.mutedIds,
    query.mutedRepostIds,
    query.subscribedIds,
    query.followedTopicIds,
  ]
  if (actionSequence === undefined || mutedKeywords === undefined) return null
  const hash = createHash('sha256').update(JSON.stringify([actionSequence, mutedKeywords]))
  for (const list of lists) {
    if (list === undefined) return null
    // The database gives them in no order.
    hash.update(`|${[...list].toSorted().join()}`)
  }
  return hash.digest('base64')
}
