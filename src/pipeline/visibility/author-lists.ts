import type { PostId, UserId } from '../../ids.ts'

/** What whoever runs the feed decided about single authors and posts. */
export interface AuthorLists {
  /** Never shown to anybody but themselves, in no path. */
  readonly hiddenAuthorIds: ReadonlySet<UserId>
  /** Never shown to anybody but their authors, in no path. */
  readonly hiddenPostIds: ReadonlySet<PostId>
  /** Shown to their followers only, and to who asks for them by id. */
  readonly notRecommendedAuthorIds: ReadonlySet<UserId>
  /** Judged as if everybody had asked for them: what keeps from recommending does not count. */
  readonly trustedAuthorIds: ReadonlySet<UserId>
}

export const NO_AUTHOR_LISTS: AuthorLists = {
  hiddenAuthorIds: new Set(),
  hiddenPostIds: new Set(),
  notRecommendedAuthorIds: new Set(),
  trustedAuthorIds: new Set(),
}
