import { Field, ObjectType } from 'type-graphql'
import { cursorScalar } from './scalars.ts'

@ObjectType('PageInfo', { simpleResolvers: true })
export class PageInfoType {
  @Field(() => Boolean, {
    description: 'False only when nothing more can be found, never because a page is short.',
  })
  readonly hasNextPage: boolean

  @Field(() => Boolean)
  readonly hasPreviousPage: boolean

  @Field(() => cursorScalar, { nullable: true })
  readonly startCursor: string | null

  @Field(() => cursorScalar, { nullable: true })
  readonly endCursor: string | null

  constructor(from: PageInfoType) {
    this.hasNextPage = from.hasNextPage
    this.hasPreviousPage = from.hasPreviousPage
    this.startCursor = from.startCursor
    this.endCursor = from.endCursor
  }
}
