import { Arg, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql'
import { RequestContext } from '../context.ts'
import type { PostId } from '../ids.ts'
import { parsePostId } from './global-ids.ts'
import { MediaType, toMedia } from './media.types.ts'
import { PostEngagementType, PostResultUnion, PostType } from './post.types.ts'
import type { UnavailablePostType } from './post.types.ts'
import { readPost } from './read-post.ts'
import { SemanticNonNull } from './schema-directives.ts'
import { UserType } from './user.types.ts'

type PostResult = PostType | UnavailablePostType

@Resolver(() => PostType)
export class PostResolver {
  @Query(() => PostResultUnion, { nullable: true })
  @SemanticNonNull()
  async post(@Arg('id', () => ID) id: string, @Ctx() context: RequestContext): Promise<PostResult> {
    const postId = parsePostId(id, 'id')
    await context.requireViewer()
    return readPost({ postId, countryCode: null }, context)
  }

  @FieldResolver(() => UserType, { nullable: true })
  @SemanticNonNull()
  async author(@Root() post: PostType, @Ctx() context: RequestContext): Promise<UserType | null> {
    const author = await context.loaders.users.load(post.record.authorId)
    return author === null ? null : new UserType(author, context.baseUrl)
  }

  @FieldResolver(() => [MediaType])
  async media(@Root() post: PostType, @Ctx() context: RequestContext): Promise<MediaType[]> {
    const media = await context.loaders.media.load(contentIdOf(post))
    return media.map((each) => toMedia(each, context.baseUrl))
  }

  @FieldResolver(() => PostEngagementType, { nullable: true })
  @SemanticNonNull()
  async engagement(
    @Root() post: PostType,
    @Ctx() context: RequestContext,
  ): Promise<PostEngagementType> {
    return new PostEngagementType(await context.loaders.engagementCounts.load(contentIdOf(post)))
  }

  @FieldResolver(() => PostResultUnion, { nullable: true })
  inReplyTo(@Root() post: PostType, @Ctx() context: RequestContext): Promise<PostResult | null> {
    return readShown(post.record.replyToPostId, post, context)
  }

  @FieldResolver(() => PostResultUnion, { nullable: true })
  quoted(@Root() post: PostType, @Ctx() context: RequestContext): Promise<PostResult | null> {
    return readShown(post.record.quotedPostId, post, context)
  }

  @FieldResolver(() => PostResultUnion, {
    nullable: true,
    description: 'The original, where this post is a repost.',
  })
  repostOf(@Root() post: PostType, @Ctx() context: RequestContext): Promise<PostResult | null> {
    return readShown(post.record.repostOfPostId, post, context)
  }
}

/** Media and counts of a repost are its original's. */
function contentIdOf({ record }: PostType): PostId {
  return record.repostOfPostId ?? record.id
}

async function readShown(
  postId: PostId | null,
  { countryCode }: PostType,
  context: RequestContext,
): Promise<PostResult | null> {
  return postId === null ? null : readPost({ postId, countryCode }, context)
}
