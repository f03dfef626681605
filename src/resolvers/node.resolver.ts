import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql'
import { RequestContext } from '../context.ts'
import { FeedError } from '../errors.ts'
import { PostFeedItemType } from './feed-item.types.ts'
import { parseNodeId } from './global-ids.ts'
import type { NodeId } from './global-ids.ts'
import { NodeType } from './node.types.ts'
import { PostType } from './post.types.ts'
import { readPromptByName, readWhoToFollow } from './read-module.ts'
import { readPost } from './read-post.ts'
import { TopicType } from './topic.types.ts'
import { UserType } from './user.types.ts'

/** Ids of one `nodes`. */
const NODES_MAX = 100

@Resolver()
export class NodeResolver {
  @Query(() => NodeType, {
    nullable: true,
    description: 'Null when there is none, or the viewer may not see it: `post` says why.',
  })
  async node(
    @Arg('id', () => ID) id: string,
    @Ctx() context: RequestContext,
  ): Promise<NodeType | null> {
    const nodeId = parseNodeId(id, 'id')
    await context.requireViewer()
    return readNode(nodeId, context)
  }

  @Query(() => [NodeType], {
    nullable: 'items',
    description: `In the order of the ids, at most ${NODES_MAX}.`,
  })
  async nodes(
    @Arg('ids', () => [ID]) ids: string[],
    @Ctx() context: RequestContext,
  ): Promise<(NodeType | null)[]> {
    if (ids.length > NODES_MAX) {
      throw new FeedError(
        'BAD_USER_INPUT',
        `\`ids\` has ${ids.length} entries: give at most ${NODES_MAX}.`,
        { field: 'ids' },
      )
    }
    const nodeIds = ids.map((id, index) => parseNodeId(id, `ids[${index}]`))
    await context.requireViewer()
    return Promise.all(nodeIds.map((nodeId) => readNode(nodeId, context)))
  }
}

async function readNode(nodeId: NodeId, context: RequestContext): Promise<NodeType | null> {
  if (nodeId.kind === 'user') {
    const user = await context.loaders.users.load(nodeId.userId)
    return user === null || user.state !== 'active' ? null : new UserType(user, context.baseUrl)
  }
  if (nodeId.kind === 'prompt') return readPromptByName(nodeId.name, context)
  if (nodeId.kind === 'who-to-follow') return readWhoToFollow(nodeId.userIds, context)
  if (nodeId.kind === 'topic') {
    const topic = await context.loaders.topics.load(nodeId.topicId)
    return topic === null ? null : new TopicType(topic)
  }
  const post = await readPost({ postId: nodeId.postId, countryCode: null }, context)
  if (!(post instanceof PostType)) return null
  if (nodeId.kind === 'post') return post
  return new PostFeedItemType(nodeId.postId, post, null)
}
