import { Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql'
import { RequestContext } from '../context.ts'
import { FeedError } from '../errors.ts'
import { toScoreBreakdown } from '../pipeline/score-breakdown.ts'
import type { PickedPost } from '../sessions/cut-page.ts'
import type { PageEntry } from '../sessions/feed-page.ts'
import { PostFeedItemType } from './feed-item.types.ts'
import { readOverrides } from './read-overrides.ts'
import { HomeFeedArguments } from './home-feed-arguments.types.ts'
import { toAlsoSeen, toCountryCode, toFilter, toLanguages } from './home-feed-inputs.ts'
import { FeedConnectionType, FeedEdgeType } from './home-feed.types.ts'
import { PostType } from './post.types.ts'
import { readModule } from './read-module.ts'
import { Cost, RequiresRole } from './schema-directives.ts'
import { ScoreBreakdownType } from './score.types.ts'
import { readSocialContext } from './social-context.ts'

const FIRST_DEFAULT = 20
const FIRST_MAX = 100

@Resolver(() => FeedEdgeType)
export class HomeFeedResolver {
  @Query(() => FeedConnectionType, {
    description: 'The ranked feed of the viewer. Without `after` a new session begins.',
  })
  @Cost(10)
  async homeFeed(
    @Args(() => HomeFeedArguments) feedArguments: HomeFeedArguments,
    @Ctx() context: RequestContext,
  ): Promise<FeedConnectionType> {
    const first = toFirst(feedArguments.first)
    const filter = toFilter(feedArguments.filter)
    const countryCode = toCountryCode(feedArguments.context)
    const languages = toLanguages(feedArguments.context)
    const alsoSeenPostIds = toAlsoSeen(feedArguments.context)
    const overrides = readOverrides(feedArguments.context?.parameters ?? [], context)
    const viewer = await context.requireViewer()
    const page = await context.services.sessions.page(
      {
        viewerId: viewer.id,
        filter,
        first,
        after: feedArguments.after ?? null,
        countryCode,
        languages,
        alsoSeenPostIds,
        overrides,
        isBackground: feedArguments.context?.refreshReason === 'BACKGROUND',
        loaders: context.loaders,
      },
      { nowMs: context.nowMs, signal: context.signal, deadlineMs: context.rankDeadlineMs },
    )
    context.services.telemetry.countPage({
      continuity: page.continuity,
      degradation: page.ranking.degradation,
      refreshReason: feedArguments.context?.refreshReason ?? null,
    })
    const edges = await Promise.all(
      page.entries.map((entry) => toEdge(entry, countryCode, context)),
    )
    return new FeedConnectionType(
      page,
      edges.filter((edge) => edge !== null),
    )
  }

  @FieldResolver(() => ScoreBreakdownType, { nullable: true })
  @RequiresRole('DEBUGGER')
  score(@Root() edge: FeedEdgeType): ScoreBreakdownType | null {
    const { entry } = edge
    const breakdown = entry === null ? null : toScoreBreakdown(entry.candidate, entry.params)
    return breakdown === null ? null : new ScoreBreakdownType(breakdown)
  }
}

function toFirst(first: number | null | undefined): number {
  const value = first ?? FIRST_DEFAULT
  if (value >= 1 && value <= FIRST_MAX) return value
  throw new FeedError('BAD_USER_INPUT', `\`first\` is ${value}: give 1 to ${FIRST_MAX}.`, {
    field: 'first',
  })
}

/** Null when what it shows went between the cut of the page and this reading. */
async function toEdge(
  picked: PageEntry,
  countryCode: string | null,
  context: RequestContext,
): Promise<FeedEdgeType | null> {
  const isPost = picked.kind === 'post'
  const node = isPost
    ? await toPostItem(picked, countryCode, context)
    : await readModule(picked.id, picked.module, context)
  if (node === null) return null
  const { cursor, position } = picked
  return new FeedEdgeType({ cursor, position, node, entry: isPost ? picked.entry : null })
}

async function toPostItem(
  { entry, verdict }: PickedPost,
  countryCode: string | null,
  context: RequestContext,
): Promise<PostFeedItemType | null> {
  const { originalPostId, candidate } = entry
  const isRepost = candidate.id !== originalPostId
  const record = await context.loaders.posts.load(originalPostId)
  if (record === null) return null
  const post = new PostType({ record, verdict, countryCode })
  return new PostFeedItemType(originalPostId, post, () =>
    readSocialContext(candidate, { isRepost, countryCode }, context),
  )
}
