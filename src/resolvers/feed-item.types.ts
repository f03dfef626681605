import { createUnionType, Field, InterfaceType, ObjectType } from 'type-graphql'
import type { PostId } from '../ids.ts'
import type { Prompt } from '../pipeline/blending/prompts.ts'
import { toFeedItemId, toModuleItemId } from './global-ids.ts'
import { NodeType } from './node.types.ts'
import { PostType } from './post.types.ts'
import { dateTimeScalar } from './scalars.ts'
import { TopicType } from './topic.types.ts'
import { UserType } from './user.types.ts'

@InterfaceType('FeedItem', {
  implements: NodeType,
  description: 'One thing in a feed. Its id is that of what it shows, the same in every session.',
})
export abstract class FeedItemType extends NodeType {}

@ObjectType('RepostedBy', {
  simpleResolvers: true,
  description: 'The post is here because this account reposted it.',
})
export class RepostedByType {
  @Field(() => UserType)
  readonly user: UserType

  @Field(() => dateTimeScalar)
  readonly at: number

  constructor(user: UserType, at: number) {
    this.user = user
    this.at = at
  }
}

@ObjectType('RepliedToByFollowing', {
  simpleResolvers: true,
  description: 'These accounts, which the viewer follows, replied to the post.',
})
export class RepliedToByFollowingType {
  @Field(() => [UserType])
  readonly users: readonly UserType[]

  constructor(users: readonly UserType[]) {
    this.users = users
  }
}

@ObjectType('TopicMatch', {
  simpleResolvers: true,
  description: 'The post is here because it is about a topic that was asked for, or followed.',
})
export class TopicMatchType {
  @Field(() => TopicType)
  readonly topic: TopicType

  constructor(topic: TopicType) {
    this.topic = topic
  }
}

/** Any member of the union `SocialContext`. */
export type SocialContext = RepostedByType | RepliedToByFollowingType | TopicMatchType

/** graphql-js calls it where the field is asked for: who does not ask pays no statement. */
type ReadSocial = () => Promise<SocialContext | null>

export const SocialContextUnion = createUnionType({
  name: 'SocialContext',
  description: 'Why an item is here, beside its rank.',
  types: () => [RepostedByType, RepliedToByFollowingType, TopicMatchType] as const,
})

@ObjectType('PostFeedItem', { implements: FeedItemType, simpleResolvers: true })
export class PostFeedItemType extends FeedItemType {
  @Field(() => PostType, { description: 'For a repost: the original; `social` names who did it.' })
  readonly post: PostType

  @Field(() => SocialContextUnion, { nullable: true })
  readonly social: ReadSocial | null

  constructor(postId: PostId, post: PostType, social: ReadSocial | null) {
    super(toFeedItemId(postId), 'PostFeedItem')
    this.post = post
    this.social = social
  }
}

@ObjectType('WhoToFollowFeedItem', {
  implements: FeedItemType,
  simpleResolvers: true,
  description: 'Accounts that the viewer may want to follow.',
})
export class WhoToFollowFeedItemType extends FeedItemType {
  @Field(() => String)
  readonly title = 'Who to follow'

  @Field(() => [UserType], { description: 'One to three, best first.' })
  readonly users: readonly UserType[]

  constructor(moduleId: string, users: readonly UserType[]) {
    super(toModuleItemId(moduleId), 'WhoToFollowFeedItem')
    this.users = users
  }
}

@ObjectType('PromptFeedItem', {
  implements: FeedItemType,
  simpleResolvers: true,
  description: 'A sentence with something to do.',
})
export class PromptFeedItemType extends FeedItemType {
  @Field(() => String)
  readonly title: string

  @Field(() => String, { nullable: true })
  readonly body: string | null

  @Field(() => String, {
    nullable: true,
    description: "What a tap does, as the operator's list says it: a route, a URL.",
  })
  readonly action: string | null

  constructor(moduleId: string, { title, body, action }: Prompt) {
    super(toModuleItemId(moduleId), 'PromptFeedItem')
    this.title = title
    this.body = body
    this.action = action
  }
}
