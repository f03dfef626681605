import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql'
import { RequestContext } from '../context.ts'
import { FeedError } from '../errors.ts'
import type { UserRecord } from '../store/records.ts'
import { parseUserId } from './global-ids.ts'
import { RequiresRole, SemanticNonNull } from './schema-directives.ts'
import { RelationshipType, ServedDayType, UserByInput, UserType } from './user.types.ts'

@Resolver(() => UserType)
export class UserResolver {
  @Query(() => UserType, {
    nullable: true,
    description: 'Null when there is no such account, or it is suspended or closed.',
  })
  async user(
    @Arg('by', () => UserByInput) by: UserByInput,
    @Ctx() context: RequestContext,
  ): Promise<UserType | null> {
    const read = toRead(by, context)
    // Names are public, and in development the way to find an id for x-viewer-id.
    if (context.viewer !== null || !context.services.isDevelopment) await context.requireViewer()
    const user = await read()
    return user === null || user.state !== 'active' ? null : new UserType(user, context.baseUrl)
  }

  @FieldResolver(() => RelationshipType, { nullable: true })
  @SemanticNonNull()
  async relationship(
    @Root() { record }: UserType,
    @Ctx() context: RequestContext,
  ): Promise<RelationshipType> {
    const facts = await context.viewerFacts(null)
    const followedBy = await context.isFollower(record.id)
    return new RelationshipType({
      following: facts.followedIds.has(record.id),
      followedBy,
      muted: facts.mutedIds.has(record.id),
      blocking: facts.blockedIds.has(record.id),
      blockedBy: facts.blockedByIds.has(record.id),
    })
  }

  @FieldResolver(() => [ServedDayType], {
    nullable: true,
    description:
      'Whether the feed gives an account its share: today and the 30 days before, newest first, ' +
      'without those on which it was not shown. Up to a minute late.',
  })
  @RequiresRole('DEBUGGER')
  async servedDays(
    @Root() { record }: UserType,
    @Ctx() { loaders }: RequestContext,
  ): Promise<readonly ServedDayType[]> {
    const days = await loaders.authorServed.load(record.id)
    return days.map((day) => new ServedDayType(day))
  }
}

/** Checks the argument at once; the answer reads. @throws {FeedError} that names the field. */
function toRead(by: UserByInput, { loaders }: RequestContext): () => Promise<UserRecord | null> {
  if (by.id != null) {
    const id = parseUserId(by.id, 'by.id')
    return () => loaders.users.load(id)
  }
  const handle = by.handle?.trim().replace(/^@/, '').toLowerCase() ?? ''
  if (handle === '' || handle.length > 100) {
    throw new FeedError('BAD_USER_INPUT', '`by.handle` must have 1 to 100 characters.', {
      field: 'by.handle',
    })
  }
  return () => loaders.usersByHandle.load(handle)
}
