import type { ModerationRecord, PostRecord, UserRecord } from '../../store/records.ts'
import type { UnavailableReason } from './unavailable-reason.ts'
import type { ViewerFacts } from './viewer-facts.ts'

/**
 * `home`: posts that the viewer asked for. `recommendations`: everything else, and what a post
 * shows of others; the home rules and more.
 */
export type VisibilityLevel = 'home' | 'recommendations'

/** One post and what is known about it and its author. */
export interface VisibilitySubject {
  readonly post: PostRecord
  readonly author: UserRecord | null
  readonly moderation: ModerationRecord
  readonly authorLabels: readonly string[]
}

/** One row of the table of rules. */
export interface VisibilityRule {
  /** A label of the metrics. */
  readonly name: string
  /** The lowest level at which it holds. */
  readonly level: VisibilityLevel
  readonly action: 'drop' | 'interstitial'
  readonly reason: UnavailableReason
  /** Whether authors see their own posts in spite of it. */
  readonly exemptsSelf: boolean
  /** True: never applies where neither the post nor its author has a label. */
  readonly needsLabel?: boolean
  applies(subject: VisibilitySubject, viewer: ViewerFacts): boolean
}

export type Applies = VisibilityRule['applies']
