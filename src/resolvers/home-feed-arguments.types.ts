import { ArgsType, Field, ID, InputType, Int, registerEnumType } from 'type-graphql'
import { cursorScalar } from './scalars.ts'

const RefreshReasonEnum = {
  LAUNCH: 'LAUNCH',
  PULL_TO_REFRESH: 'PULL_TO_REFRESH',
  NEW_POSTS_PILL: 'NEW_POSTS_PILL',
  SCROLL: 'SCROLL',
  BACKGROUND: 'BACKGROUND',
} as const
registerEnumType(RefreshReasonEnum, { name: 'RefreshReason' })

@InputType('FeedFilterInput', {
  description: 'Narrows a feed. A cursor is good for the filter that it came with.',
})
export class FeedFilterInput {
  @Field(() => Boolean, { nullable: true })
  readonly excludeVideos?: boolean | null

  @Field(() => Boolean, { nullable: true })
  readonly excludeReplies?: boolean | null

  @Field(() => Boolean, { nullable: true })
  readonly excludeReposts?: boolean | null

  @Field(() => Boolean, { nullable: true, description: 'Only posts with a picture or a video.' })
  readonly mediaOnly?: boolean | null

  @Field(() => Boolean, {
    nullable: true,
    description: 'Only accounts that the viewer follows: Phoenix retrieval is not asked.',
  })
  readonly inNetworkOnly?: boolean | null

  @Field(() => [ID], {
    nullable: true,
    description:
      'Ids of topics: only posts about any of them, or about what they stand for. With seven or ' +
      'more, posts that name no topic are kept too. At most 100.',
  })
  readonly topics?: string[] | null

  @Field(() => [ID], {
    nullable: true,
    description: 'No posts about these topics, or about what they stand for. At most 100.',
  })
  readonly excludedTopics?: string[] | null
}

@InputType('ParameterOverrideInput')
export class ParameterOverrideInput {
  @Field(() => String, {
    description:
      'A parameter (`outOfNetwork.factor`) or a row of the pipeline (`components.AgeFilter`, on ' +
      'or off), as `npm run describe` prints them.',
  })
  readonly name!: string

  @Field(() => String)
  readonly value!: string
}

@InputType('FeedRequestContextInput')
export class FeedRequestContextInput {
  @Field(() => RefreshReasonEnum, {
    nullable: true,
    description: 'Counted; BACKGROUND is no visit. The posts do not depend on it.',
  })
  readonly refreshReason?: keyof typeof RefreshReasonEnum | null

  @Field(() => [ID], {
    nullable: true,
    description:
      'Ids on screen that the client could not report yet; excluded like served ones. At most 500.',
  })
  readonly alsoSeenPostIds?: string[] | null

  @Field(() => String, {
    nullable: true,
    description: 'ISO 3166-1 alpha-2; decides takedowns and age gates.',
  })
  readonly countryCode?: string | null

  @Field(() => [ParameterOverrideInput], {
    nullable: true,
    description:
      'ADMIN only. For the session that this request opens: its later pages keep them. ' +
      'At most 100.',
  })
  readonly parameters?: ParameterOverrideInput[] | null
  @Field(() => [String], {
    nullable: true,
    description:
      'BCP 47 tags of what the viewer reads. Posts in other languages are left out, unless they ' +
      'come from accounts that the viewer follows. At most 20.',
  })
  readonly languages?: string[] | null
}

@ArgsType()
export class HomeFeedArguments {
  @Field(() => Int, { nullable: true, description: '1 to 100, 20 when left out.' })
  readonly first?: number | null

  @Field(() => cursorScalar, { nullable: true, description: 'Without it a new session begins.' })
  readonly after?: string | null

  @Field(() => FeedFilterInput, { nullable: true })
  readonly filter?: FeedFilterInput | null

  @Field(() => FeedRequestContextInput, { nullable: true })
  readonly context?: FeedRequestContextInput | null
}
