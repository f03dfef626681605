import DataLoader from 'dataloader'
import { FeedError } from './errors.ts'
import type { UserId } from './ids.ts'
import type { Prompts } from './pipeline/blending/prompts.ts'
import type { SwitchRules } from './pipeline/params/switch-rules.ts'
import type { SearchTexts } from './pipeline/muted-keywords/search-text.ts'
import type { AuthorLists } from './pipeline/visibility/author-lists.ts'
import type { ViewerFacts } from './pipeline/visibility/viewer-facts.ts'
import type { HomeFeedSessions } from './sessions/home-feed-sessions.ts'
import type { Loaders } from './store/loaders.ts'
import type { UserRecord } from './store/records.ts'
import type { ViewerStore } from './store/viewer-store.ts'
import type { Telemetry } from './telemetry.ts'

export const ROLES = ['VIEWER', 'DEBUGGER', 'ADMIN'] as const
export type Role = (typeof ROLES)[number]

/** Who asks, as the token or the development header says. */
export interface Viewer {
  readonly id: UserId
  readonly roles: ReadonlySet<Role>
  /** The header or claim that named them, for messages. */
  readonly namedBy: string
}

/** What lives as long as the process. */
export interface RequestServices {
  readonly sessions: HomeFeedSessions
  readonly viewerStore: ViewerStore
  readonly prompts: Prompts
  readonly telemetry: Telemetry
  /** Which rows of the pipeline a request may switch off. */
  readonly switchRules: SwitchRules
  readonly createLoaders: () => Loaders
  readonly searchTexts: SearchTexts
  readonly authorLists: AuthorLists
  readonly isDevelopment: boolean
}

export interface RequestInput {
  readonly viewer: Viewer | null
  readonly services: RequestServices
  /** Of this server as the client named it, without a slash at the end. */
  readonly baseUrl: string
  readonly nowMs: number
  /** Epoch ms; a part of it is kept for reading what the answer shows. */
  readonly deadlineMs: number
  /** Aborts at the deadline, or when the client has gone. */
  readonly signal: AbortSignal
}

interface Memo {
  lists: Promise<ViewerLists> | null
  followers: DataLoader<UserId, boolean> | null
}

type ViewerLists = Omit<ViewerFacts, 'countryCode'>

/** Kept of a request's time for what comes after the ranking. */
const ANSWER_RESERVE_MS = 100

/** One request: its viewer, its clock, its batch readers. */
export class RequestContext {
  readonly viewer: Viewer | null
  readonly services: RequestServices
  readonly baseUrl: string
  readonly nowMs: number
  readonly deadlineMs: number
  readonly signal: AbortSignal
  readonly loaders: Loaders
  /** No `#` fields here: Apollo hands on a shallow copy, which would not have them. */
  private readonly memo: Memo = { lists: null, followers: null }

  constructor(input: RequestInput) {
    this.viewer = input.viewer
    this.services = input.services
    this.baseUrl = input.baseUrl
    this.nowMs = input.nowMs
    this.deadlineMs = input.deadlineMs
    this.signal = input.signal
    this.loaders = input.services.createLoaders()
  }

  /** For the pipeline: when it must have ended. */
  get rankDeadlineMs(): number {
    return Math.max(this.nowMs, this.deadlineMs - ANSWER_RESERVE_MS)
  }

  /**
   * The viewer's account.
   *
   * @throws {FeedError} UNAUTHENTICATED without a viewer or with one that does not exist, FORBIDDEN
   * for an account that is suspended or closed.
   */
  async requireViewer(): Promise<UserRecord> {
    const { viewer } = this
    if (viewer === null) {
      throw new FeedError(
        'UNAUTHENTICATED',
        this.services.isDevelopment
          ? 'Nobody is asking: send the header x-viewer-id with a user id, for example that of ' +
              'user(by: {handle: "ada"}).'
          : 'Nobody is asking: send the header authorization with a bearer token.',
      )
    }
    const account = await this.loaders.users.load(viewer.id)
    if (account === null) {
      throw new FeedError(
        'UNAUTHENTICATED',
        `${viewer.namedBy} names user ${viewer.id}, who does not exist.`,
        { field: viewer.namedBy },
      )
    }
    if (account.state !== 'active') {
      throw new FeedError('FORBIDDEN', `The account of user ${viewer.id} is ${account.state}.`, {
        field: viewer.namedBy,
      })
    }
    return account
  }

  /**
   * All that visibility rules know of the viewer, read once a request.
   *
   * @param countryCode Of the request, lower case; null when the client did not say.
   */
  async viewerFacts(countryCode: string | null): Promise<ViewerFacts> {
    const account = await this.requireViewer()
    this.memo.lists ??= this.readLists(account.id)
    return { ...(await this.memo.lists), countryCode }
  }

  /** Whether a user follows the viewer; all of a request's questions are one statement. */
  async isFollower(userId: UserId): Promise<boolean> {
    const { id } = await this.requireViewer()
    this.memo.followers ??= new DataLoader(async (userIds) => {
      const followers = await this.services.viewerStore.followersAmong(id, userIds)
      return userIds.map((each) => followers.has(each))
    })
    return this.memo.followers.load(userId)
  }

  private async readLists(viewerId: UserId): Promise<ViewerLists> {
    const { viewerStore } = this.services
    const [relations, followedIds] = await Promise.all([
      viewerStore.relations(viewerId, this.nowMs),
      viewerStore.followedIds(viewerId),
    ])
    return {
      ...relations,
      viewerId,
      followedIds: new Set(followedIds),
      nowMs: this.nowMs,
      authorLists: this.services.authorLists,
    }
  }
}
