import type { RequestContext } from '../context.ts'
import type { UserId } from '../ids.ts'
import { moduleIdOf } from '../pipeline/blending/feed-item.ts'
import type { FeedModule } from '../pipeline/blending/feed-item.ts'
import { maySuggestAccount } from '../pipeline/blending/may-suggest-account.ts'
import { PromptFeedItemType, WhoToFollowFeedItemType } from './feed-item.types.ts'
import { UserType } from './user.types.ts'

type ModuleItem = PromptFeedItemType | WhoToFollowFeedItemType

/** A module as an item under `moduleId`; null when all of its accounts are gone. */
export async function readModule(
  moduleId: string,
  module: FeedModule,
  { loaders, baseUrl }: RequestContext,
): Promise<ModuleItem | null> {
  if (module.kind === 'prompt') return new PromptFeedItemType(moduleId, module.prompt)
  const accounts = await Promise.all(module.userIds.map((id) => loaders.users.load(id)))
  const users = accounts.flatMap((account) =>
    account === null ? [] : [new UserType(account, baseUrl)],
  )
  return users.length === 0 ? null : new WhoToFollowFeedItemType(moduleId, users)
}

/** A prompt that the operator has; null = there is none of that name. */
export async function readPromptByName(
  name: string,
  context: RequestContext,
): Promise<ModuleItem | null> {
  const prompts = await context.services.prompts.list()
  const prompt = prompts.find((each) => each.name === name)
  if (prompt === undefined) return null
  const module: FeedModule = { kind: 'prompt', prompt }
  return readModule(moduleIdOf(module), module, context)
}

/** Those of the accounts that may be suggested to the viewer now; null = none of them may. */
export async function readWhoToFollow(
  userIds: readonly UserId[],
  context: RequestContext,
): Promise<ModuleItem | null> {
  const { loaders, services } = context
  const facts = await context.viewerFacts(null)
  const accounts = await Promise.all(
    userIds.map(async (id) => {
      const [account, labels] = await Promise.all([
        loaders.users.load(id),
        loaders.userLabels.load(id),
      ])
      return account !== null && maySuggestAccount({ account, labels }, facts, services.searchTexts)
        ? [id]
        : []
    }),
  )
  const module: FeedModule = { kind: 'who-to-follow', userIds }
  return readModule(moduleIdOf(module), { ...module, userIds: accounts.flat() }, context)
}
