import { createUnionType, Field, ID, ObjectType, registerEnumType } from 'type-graphql'
import type { PostId } from '../ids.ts'
import type { VisibilityVerdict } from '../pipeline/home-feed.candidate.ts'
import { UNAVAILABLE_REASONS } from '../pipeline/visibility/unavailable-reason.ts'
import type { UnavailableReason } from '../pipeline/visibility/unavailable-reason.ts'
import type { EngagementCounts, PostRecord } from '../store/records.ts'
import { toGlobalPostId } from './global-ids.ts'
import { NodeType } from './node.types.ts'
import { bigCountScalar, dateTimeScalar } from './scalars.ts'

const UnavailableReasonEnum = Object.fromEntries(
  UNAVAILABLE_REASONS.map((reason) => [reason, reason]),
)
registerEnumType(UnavailableReasonEnum, {
  name: 'UnavailableReason',
  description: 'Why a post cannot be shown to this viewer.',
})

const VisibilityActionEnum = { SHOW: 'SHOW', INTERSTITIAL: 'INTERSTITIAL', DROP: 'DROP' } as const
registerEnumType(VisibilityActionEnum, {
  name: 'VisibilityAction',
  description: 'INTERSTITIAL: show it behind a warning.',
})

/** A post that its viewer may see, and what it was judged with. */
export interface JudgedPost {
  readonly record: PostRecord
  readonly verdict: VisibilityVerdict
  /** Of the request, for judging what it shows of others. */
  readonly countryCode: string | null
}

@ObjectType('Post', { implements: NodeType, simpleResolvers: true })
export class PostType extends NodeType {
  @Field(() => String, { description: 'The bare number, for other systems.' })
  readonly databaseId: string

  @Field(() => String, { description: "A repost's is its original's." })
  readonly text: string

  @Field(() => dateTimeScalar)
  readonly createdAt: number

  @Field(() => String, { nullable: true, description: 'BCP 47.' })
  readonly language: string | null

  @Field(() => PostVisibilityType)
  readonly visibility: PostVisibilityType

  readonly record: PostRecord
  readonly countryCode: string | null

  constructor({ record, verdict, countryCode }: JudgedPost) {
    super(toGlobalPostId(record.id), 'Post')
    this.databaseId = record.id
    this.text = record.text
    this.createdAt = record.createdAtMs
    this.language = record.language
    this.visibility = new PostVisibilityType(verdict)
    this.record = record
    this.countryCode = countryCode
  }
}

@ObjectType('UnavailablePost', { simpleResolvers: true, description: 'In place of a post.' })
export class UnavailablePostType {
  @Field(() => ID)
  readonly id: string

  @Field(() => UnavailableReasonEnum)
  readonly reason: UnavailableReason

  constructor(id: PostId, reason: UnavailableReason) {
    this.id = toGlobalPostId(id)
    this.reason = reason
  }
}

export const PostResultUnion = createUnionType({
  name: 'PostResult',
  types: () => [PostType, UnavailablePostType] as const,
})

@ObjectType('PostVisibility', { simpleResolvers: true })
export class PostVisibilityType {
  @Field(() => VisibilityActionEnum)
  readonly action: keyof typeof VisibilityActionEnum

  @Field(() => [String], { description: 'Moderation labels to show beside a warning.' })
  readonly labels: readonly string[]

  @Field(() => String, { nullable: true, description: 'The rule that decided.' })
  readonly rule: string | null

  constructor(verdict: VisibilityVerdict) {
    this.action = toAction(verdict.action)
    this.labels = verdict.labels
    this.rule = verdict.rule
  }
}

function toAction(action: VisibilityVerdict['action']): keyof typeof VisibilityActionEnum {
  if (action === 'allow') return 'SHOW'
  return action === 'drop' ? 'DROP' : 'INTERSTITIAL'
}

@ObjectType('PostEngagement', { simpleResolvers: true })
export class PostEngagementType {
  @Field(() => bigCountScalar)
  readonly likes: number

  @Field(() => bigCountScalar)
  readonly reposts: number

  @Field(() => bigCountScalar)
  readonly replies: number

  @Field(() => bigCountScalar)
  readonly quotes: number

  @Field(() => bigCountScalar, { nullable: true, description: 'Impressions, of reposts too.' })
  readonly views: number | null

  constructor(counts: EngagementCounts) {
    this.likes = counts.likes
    this.reposts = counts.reposts
    this.replies = counts.replies
    this.quotes = counts.quotes
    this.views = counts.views
  }
}
