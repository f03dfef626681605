import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql'
import type { AuthorServedDay } from '../store/author-served.ts'
import type { UserRecord } from '../store/records.ts'
import { toGlobalUserId } from './global-ids.ts'
import { NodeType } from './node.types.ts'
import { bigCountScalar, dateTimeScalar } from './scalars.ts'

@ObjectType('User', { implements: NodeType, simpleResolvers: true })
export class UserType extends NodeType {
  @Field(() => String, { description: 'The bare number, for other systems.' })
  readonly databaseId: string

  @Field(() => String)
  readonly handle: string

  @Field(() => String)
  readonly displayName: string

  @Field(() => String, { nullable: true })
  readonly avatarUrl: string | null

  readonly record: UserRecord

  constructor(record: UserRecord, baseUrl: string) {
    super(toGlobalUserId(record.id), 'User')
    this.databaseId = record.id
    this.handle = record.handle
    this.displayName = record.displayName
    this.avatarUrl = `${baseUrl}/avatar/${record.id}.svg`
    this.record = record
  }
}

@ObjectType('ServedDay', {
  simpleResolvers: true,
  description: 'How many posts of an account, reposted ones included, pages showed on one day.',
})
export class ServedDayType {
  @Field(() => dateTimeScalar, { description: 'Its midnight, UTC.' })
  readonly day: number

  @Field(() => bigCountScalar)
  readonly posts: number

  @Field(() => bigCountScalar, {
    description: 'Of them, to viewers who followed neither the account nor the reposter.',
  })
  readonly outOfNetwork: number

  constructor({ startMs, served, outOfNetwork }: AuthorServedDay) {
    this.day = startMs
    this.posts = served
    this.outOfNetwork = outOfNetwork
  }
}

@ObjectType('Relationship', {
  simpleResolvers: true,
  description: 'Between the viewer and a user, as the viewer sees it.',
})
export class RelationshipType {
  @Field(() => Boolean)
  readonly following: boolean

  @Field(() => Boolean)
  readonly followedBy: boolean

  @Field(() => Boolean)
  readonly muted: boolean

  @Field(() => Boolean)
  readonly blocking: boolean

  @Field(() => Boolean)
  readonly blockedBy: boolean

  constructor(from: RelationshipType) {
    this.following = from.following
    this.followedBy = from.followedBy
    this.muted = from.muted
    this.blocking = from.blocking
    this.blockedBy = from.blockedBy
  }
}

@InputType('UserByInput', { description: 'Exactly one of the two.' })
@Directive('@oneOf')
export class UserByInput {
  @Field(() => ID, { nullable: true })
  readonly id?: string | null

  @Field(() => String, { nullable: true, description: 'Upper and lower case are the same.' })
  readonly handle?: string | null
}
