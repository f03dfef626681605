import type { ImportedEngagement } from '../import/kinds/engagements.kind.ts'
import type { ImportedPost } from '../import/imported-post.ts'
import type { KeywordRelation, TopicRelation } from '../import/named-relations.ts'

/** A relation to another account, by its kind's table. */
export type RelationKind = 'follow' | 'block' | 'mute' | 'mute_reposts' | 'subscribe'

/** What an event asks of the tables. `isActive` false takes away. */
export type ChangeBody =
  | {
      readonly kind: 'post'
      readonly isActive: true
      readonly post: ImportedPost
      /** False: text, media and so on are as the table has them, or empty. */
      readonly hasContent: boolean
    }
  | {
      readonly kind: 'post'
      readonly isActive: false
      readonly postId: string
      readonly deletedAtMs: number
    }
  | {
      readonly kind: 'engagement'
      readonly isActive: boolean
      readonly engagement: ImportedEngagement
    }
  | {
      readonly kind: 'relation'
      readonly isActive: boolean
      readonly relation: RelationKind
      readonly viewerId: string
      readonly targetId: string
      readonly atMs: number
    }
  | {
      readonly kind: 'named-relation'
      readonly isActive: boolean
      readonly relation: TopicRelation | KeywordRelation
    }

export interface Change {
  readonly eventId: string
  /** What its version is counted by. */
  readonly entity: string
  /** 0 = not versioned: the order of arrival decides. */
  readonly version: bigint
  readonly body: ChangeBody
}
