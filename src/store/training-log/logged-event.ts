import type { ServedSource, ServedSurface } from '../viewer-store.ts'

/** A post came onto a viewer's screen. Nulls: the event does not say. */
export interface LoggedImpression {
  readonly kind: 'impression'
  /** The same for a repeated report of one showing. */
  readonly key: string
  readonly viewerId: string
  /** As shown: a repost's own id. */
  readonly shownPostId: string
  readonly postId: string | null
  readonly authorId: string | null
  readonly postCreatedAtMs: number | null
  readonly requestId: string | null
  readonly position: number
  readonly atMs: number
  readonly rankedAtMs: number | null
  readonly surface: ServedSurface | null
  readonly source: ServedSource | null
  readonly propensity: number | null
  readonly modelVersion: string | null
  readonly weightsVersion: string | null
  readonly dwellMs: number | null
}

/** A viewer did something with a post, or took it back. */
export interface LoggedAction {
  readonly kind: 'action'
  readonly eventId: string
  readonly viewerId: string
  readonly postId: string
  readonly authorId: string | null
  readonly actionIndex: number
  readonly isActive: boolean
  readonly atMs: number
  readonly dwellMs: number | null
  /** Null = unattributed. */
  readonly requestId: string | null
  readonly position: number
}

export type LoggedEvent = LoggedImpression | LoggedAction
