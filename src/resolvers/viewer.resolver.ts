import { Ctx, Query, Resolver } from 'type-graphql'
import { RequestContext } from '../context.ts'
import { UserType } from './user.types.ts'
import { ViewerType } from './viewer.types.ts'

@Resolver(() => ViewerType)
export class ViewerResolver {
  @Query(() => ViewerType, { nullable: true })
  async viewer(@Ctx() context: RequestContext): Promise<ViewerType> {
    return new ViewerType(new UserType(await context.requireViewer(), context.baseUrl))
  }
}
