import { trustPostId } from '../../ids.ts'
import type { PostRecord, UserRecord } from '../../store/records.ts'
import { compileMutedKeywords } from '../muted-keywords/keyword-matcher.ts'
import type { SearchTexts } from '../muted-keywords/search-text.ts'
import { evaluateVisibility } from '../visibility/evaluate-visibility.ts'
import type { ViewerFacts } from '../visibility/viewer-facts.ts'

/** An account with the labels that have not expired. */
export interface LabelledAccount {
  readonly account: UserRecord
  readonly labels: readonly string[]
}

const NO_MODERATION = { labels: [], takedownCountries: [] } as const

/**
 * Whether an account may be suggested to a viewer: not to itself or its followers, not when it is
 * protected (it asked not to be found) or listed as not recommended, not when the viewer muted a
 * word of its handle, and only when its plainest post might be recommended without a warning: so
 * every rule about authors, now and later, holds for suggestions too.
 */
export function maySuggestAccount(
  { account, labels }: LabelledAccount,
  viewer: ViewerFacts,
  searchTexts: SearchTexts,
): boolean {
  if (account.id === viewer.viewerId || viewer.followedIds.has(account.id)) return false
  if (account.isProtected || viewer.authorLists.notRecommendedAuthorIds.has(account.id))
    return false
  const subject = {
    post: plainestPostOf(account),
    author: account,
    moderation: NO_MODERATION,
    authorLabels: labels,
  }
  if (evaluateVisibility('recommendations', subject, viewer).action !== 'allow') return false
  const matcher = compileMutedKeywords(viewer.mutedKeywords, searchTexts)
  const texts = { body: [], quoted: [], handles: [account.handle], altTexts: [] }
  return matcher.find(texts) === null
}

/** Nothing about it but its author. */
function plainestPostOf({ id, createdAtMs }: UserRecord): PostRecord {
  return {
    id: trustPostId('0'),
    authorId: id,
    createdAtMs,
    text: '',
    language: null,
    replyToPostId: null,
    replyToUserId: null,
    conversationId: null,
    repostOfPostId: null,
    repostOfUserId: null,
    quotedPostId: null,
    quotedUserId: null,
    subscribersOnly: false,
    sensitive: false,
  }
}
