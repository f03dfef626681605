import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql'
import type { SlateEntry, SlateRanking } from '../sessions/feed-session.ts'
import type { Continuity, FeedPage } from '../sessions/feed-page.ts'
import { FeedItemType } from './feed-item.types.ts'
import { PageInfoType } from './page-info.types.ts'
import { cursorScalar, dateTimeScalar } from './scalars.ts'

const FeedKindEnum = { HOME: 'HOME' } as const
registerEnumType(FeedKindEnum, { name: 'FeedKind' })

const SessionContinuityEnum = {
  NEW: 'NEW',
  CONTINUED: 'CONTINUED',
  REBUILT_AFTER_EXPIRY: 'REBUILT_AFTER_EXPIRY',
} as const
registerEnumType(SessionContinuityEnum, {
  name: 'SessionContinuity',
  description: 'REBUILT_AFTER_EXPIRY: ranked anew, without what the session had served.',
})

const DegradationEnum = {
  CACHED_SCORES: 'CACHED_SCORES',
  RULES_ONLY: 'RULES_ONLY',
  IN_NETWORK_ONLY: 'IN_NETWORK_ONLY',
  OUT_OF_NETWORK_ONLY: 'OUT_OF_NETWORK_ONLY',
  STALE_GRAPH: 'STALE_GRAPH',
  SAFETY_WITHHELD: 'SAFETY_WITHHELD',
  ENRICHMENT_MISSING: 'ENRICHMENT_MISSING',
} as const
type Degradation = keyof typeof DegradationEnum
registerEnumType(DegradationEnum, {
  name: 'Degradation',
  description: 'In which way an answer is worse than it should be. An empty list = healthy.',
})

function isDegradation(value: string): value is Degradation {
  return Object.hasOwn(DegradationEnum, value)
}

@ObjectType('RankingVersion', { simpleResolvers: true })
export class RankingVersionType {
  @Field(() => String, { description: '`phoenix`, or `rules` while the model is out of reach.' })
  readonly algorithm: string

  @Field(() => String, { description: 'The checkpoint; `none` under `rules`.' })
  readonly model: string

  @Field(() => String, { description: 'The weights of the predicted actions.' })
  readonly weights: string

  @Field(() => [String], { description: 'Of experiments, `name:arm` each.' })
  readonly arms: readonly string[]

  constructor(ranking: SlateRanking) {
    this.algorithm = ranking.modelVersion === null ? 'rules' : 'phoenix'
    this.model = ranking.modelVersion ?? 'none'
    this.weights = ranking.weightsVersion
    this.arms = ranking.arms
  }
}

@ObjectType('FeedSession', {
  simpleResolvers: true,
  description: 'One scroll: a ranked list that is frozen while the viewer walks it.',
})
export class FeedSessionType {
  @Field(() => ID)
  readonly id: string

  @Field(() => ID, { description: 'Of the newest ranking of this session.' })
  readonly requestId: string

  @Field(() => FeedKindEnum)
  readonly kind = FeedKindEnum.HOME

  @Field(() => SessionContinuityEnum)
  readonly continuity: Continuity

  @Field(() => dateTimeScalar)
  readonly rankedAt: number

  @Field(() => dateTimeScalar, { description: 'When it is forgotten unless it is asked for.' })
  readonly expiresAt: number

  @Field(() => RankingVersionType)
  readonly ranking: RankingVersionType

  @Field(() => [DegradationEnum], { description: 'What was replaced by a fallback.' })
  readonly degradation: readonly Degradation[]

  @Field(() => [String], { description: 'Dependencies that were late or failed, by name.' })
  readonly degradedDependencies: readonly string[]

  constructor(page: FeedPage) {
    this.id = page.sessionId
    this.requestId = page.ranking.requestId
    this.continuity = page.continuity
    this.rankedAt = page.ranking.rankedAtMs
    this.expiresAt = page.expiresAtMs
    this.ranking = new RankingVersionType(page.ranking)
    this.degradation = page.ranking.degradation.filter(isDegradation)
    this.degradedDependencies = page.ranking.degradedDependencies
  }
}

@ObjectType('FeedEdge', { simpleResolvers: true })
export class FeedEdgeType {
  @Field(() => cursorScalar)
  readonly cursor: string

  @Field(() => FeedItemType)
  readonly node: FeedItemType

  @Field(() => Int, { description: 'Zero-based inside the session.' })
  readonly position: number

  /** Null = a module: nothing scored it. */
  readonly entry: SlateEntry | null

  constructor(from: FeedEdgeType) {
    this.cursor = from.cursor
    this.node = from.node
    this.position = from.position
    this.entry = from.entry
  }
}

@ObjectType('FeedConnection', { simpleResolvers: true })
export class FeedConnectionType {
  @Field(() => [FeedEdgeType])
  readonly edges: readonly FeedEdgeType[]

  @Field(() => PageInfoType)
  readonly pageInfo: PageInfoType

  @Field(() => FeedSessionType)
  readonly session: FeedSessionType

  constructor(page: FeedPage, edges: readonly FeedEdgeType[]) {
    this.edges = edges
    this.pageInfo = new PageInfoType(page)
    this.session = new FeedSessionType(page)
  }
}
