import { Field, ObjectType } from 'type-graphql'
import { UserType } from './user.types.ts'

@ObjectType('Viewer', { simpleResolvers: true, description: 'Who asks.' })
export class ViewerType {
  @Field(() => UserType)
  readonly user: UserType

  constructor(user: UserType) {
    this.user = user
  }
}
