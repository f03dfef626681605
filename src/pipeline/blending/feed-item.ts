import type { UserId } from '../../ids.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'
import type { BrandSafety } from './promoted/brand-safety.ts'
import type { Promotion } from './promoted/promoted-posts.ts'
import type { Prompt } from './prompts.ts'

export interface WhoToFollowModule {
  readonly kind: 'who-to-follow'
  /** Best first. */
  readonly userIds: readonly UserId[]
}

export interface PromptModule {
  readonly kind: 'prompt'
  readonly prompt: Prompt
}

/** What may stand between posts. */
export type FeedModule = WhoToFollowModule | PromptModule

export interface PostContent {
  readonly kind: 'post'
  readonly post: PostCandidate
}

/** A post that somebody paid for. */
export interface PromotedContent {
  readonly kind: 'promoted'
  readonly post: PostCandidate
  readonly promotion: Promotion
}

export type FeedItemContent = PostContent | PromotedContent | FeedModule

/** A candidate of the outer pipeline. `undefined` = not hydrated, like in `PostCandidate`. */
export interface FeedItem {
  /** A global id without its `item:`: `post:12`, `who-to-follow:4-9`, `prompt:welcome`. */
  readonly id: string
  readonly content: FeedItemContent

  /** Of who-to-follow: those of its accounts that may be suggested. Null = no such module. */
  accountIds: readonly UserId[] | null | undefined
  /** How safe a post is for an advertisement beside it. Null = a module. */
  brandSafety: BrandSafety | null | undefined
}

/** Every field present from the start. */
export function createFeedItem(content: FeedItemContent): FeedItem {
  return { id: idOf(content), content, accountIds: undefined, brandSafety: undefined }
}

/** The same module under the same name in every session: by what it shows. */
export function moduleIdOf(module: FeedModule): string {
  return module.kind === 'prompt'
    ? `prompt:${module.prompt.name}`
    : `who-to-follow:${module.userIds.join('-')}`
}

/** Under which name its being shown is remembered: whomever it suggests, fatigue is one. */
export function fatigueNameOf(module: FeedModule): string {
  return module.kind === 'prompt' ? moduleIdOf(module) : WHO_TO_FOLLOW
}

export const WHO_TO_FOLLOW = 'who-to-follow'

export function isModule(content: FeedItemContent): content is FeedModule {
  return content.kind === 'who-to-follow' || content.kind === 'prompt'
}

function idOf(content: FeedItemContent): string {
  switch (content.kind) {
    case 'post':
      return `post:${content.post.id}`
    case 'promoted':
      return `promoted:${content.promotion.impressionId}`
    case 'who-to-follow':
    case 'prompt':
      return moduleIdOf(content)
  }
}
