import type { UserId } from '../../../ids.ts'
import type { Loaders } from '../../../store/loaders.ts'
import type { Hydrator } from '../../framework/component.ts'
import type { HomeFeedQuery } from '../../home-feed.query.ts'
import { loadEach } from '../../hydrators/load-each.ts'
import { SearchTexts } from '../../muted-keywords/search-text.ts'
import { SEARCH_TEXT_PARAMS } from '../../process.params.ts'
import { NO_AUTHOR_LISTS } from '../../visibility/author-lists.ts'
import type { AuthorLists } from '../../visibility/author-lists.ts'
import { toViewerFacts } from '../../visibility/viewer-facts.ts'
import type { FeedItem } from '../feed-item.ts'
import { maySuggestAccount } from '../may-suggest-account.ts'
import type { LabelledAccount } from '../may-suggest-account.ts'

export interface SuggestedAccountsOptions<Q> {
  readonly timeoutMs: number
  /** Accounts of one module. */
  readonly accountsMax: number
  /** Shared by every pipeline of the process; default: own ones. */
  readonly searchTexts?: SearchTexts | undefined
  /** Default: nobody is listed. */
  readonly authorLists?: AuthorLists | undefined
  /** The query whose lists of the viewer are filled. */
  viewerQueryOf(query: Readonly<Q>): Readonly<HomeFeedQuery> | Promise<Readonly<HomeFeedQuery>>
}

type Patch = Pick<FeedItem, 'accountIds'>

/**
 * Judges the accounts of who-to-follow and keeps the first that may be suggested now. Where the
 * viewer's lists or an account cannot be read, the module has none and is not shown.
 */
export function suggestedAccountsHydrator<Q extends HomeFeedQuery>(
  options: SuggestedAccountsOptions<Q>,
): Hydrator<Q, FeedItem, 'accountIds', never> {
  const { timeoutMs, accountsMax, viewerQueryOf, authorLists = NO_AUTHOR_LISTS } = options
  const { searchTexts = new SearchTexts(SEARCH_TEXT_PARAMS) } = options
  return {
    name: 'SuggestedAccountsHydrator',
    writes: ['accountIds'],
    failurePolicy: 'fail-closed',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    params: { accountsMax },
    async hydrate(query, items, { nowMs }) {
      const offered = items.map(({ content }) =>
        content.kind === 'who-to-follow' ? content.userIds : null,
      )
      if (offered.every((userIds) => userIds === null)) {
        return items.map(() => ({ accountIds: null }))
      }
      const viewerQuery = await viewerQueryOf(query)
      const facts = toViewerFacts(viewerQuery, { nowMs, authorLists })
      if (facts === null || viewerQuery.followedIds === undefined) {
        throw new Error("the viewer's lists are not known")
      }
      const judge = await loadJudge(
        query.loaders,
        offered.flatMap((ids) => ids ?? []),
        (account) => maySuggestAccount(account, facts, searchTexts),
      )
      return offered.map((userIds) =>
        userIds === null ? { accountIds: null } : pick(userIds, judge, accountsMax),
      )
    },
  }
}

type Judge = (userId: UserId) => boolean | Error

async function loadJudge(
  loaders: Loaders,
  userIds: readonly UserId[],
  maySuggest: (account: LabelledAccount) => boolean,
): Promise<Judge> {
  const [accounts, labels] = await Promise.all([
    loadEach(loaders.users, userIds),
    loadEach(loaders.userLabels, userIds),
  ])
  return (userId) => {
    const account = accounts.get(userId) ?? null
    const ofAccount = labels.get(userId) ?? []
    if (account instanceof Error) return account
    if (ofAccount instanceof Error) return ofAccount
    return account !== null && maySuggest({ account, labels: ofAccount })
  }
}

function pick(userIds: readonly UserId[], judge: Judge, accountsMax: number): Patch | Error {
  const accountIds: UserId[] = []
  for (const userId of userIds) {
    const verdict = judge(userId)
    if (verdict instanceof Error) return verdict
    if (verdict) accountIds.push(userId)
  }
  return { accountIds: accountIds.slice(0, accountsMax) }
}
