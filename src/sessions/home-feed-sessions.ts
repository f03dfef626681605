import { randomBytes } from 'node:crypto'
import { FeedError } from '../errors.ts'
import type { PostId, UserId } from '../ids.ts'
import { originalPostIdOf } from '../pipeline/home-feed.candidate.ts'
import type { HomeFeedFilter, HomeFeedRequest } from '../pipeline/home-feed.query.ts'
import type { HomeFeed, RankedFeed, RankOptions } from '../pipeline/home-feed.ts'
import type { Loaders } from '../store/loaders.ts'
import type { ViewerStore } from '../store/viewer-store.ts'
import { SESSION_ID_BYTES } from './cursor-codec.ts'
import type { CursorBinding, CursorCodec, FeedCursor } from './cursor-codec.ts'
import { cutPage } from './cut-page.ts'
import type { CutPage, PickedEntry } from './cut-page.ts'
import { excludedPostIdsOf, spellFilter } from './feed-session.ts'
import type { FeedSession, SlateRanking } from './feed-session.ts'
import type { ServedWriter } from './served-writer.ts'
import type { SessionStore } from './session-store.ts'
import { toServed, toSessionEntry, toSlateEntry, withoutModules } from './slate-entry.ts'

/** Served posts that a rebuilt session leaves out, at most. */
const SERVED_BEFORE_MAX = 10_000

export interface PageRequest {
  readonly viewerId: UserId
  readonly filter: HomeFeedFilter
  /** 1 to 100. */
  readonly first: number
  readonly after: string | null
  readonly countryCode: string | null
  readonly alsoSeenPostIds: ReadonlySet<PostId>
  readonly loaders: Loaders
}

export type Continuity = 'NEW' | 'CONTINUED' | 'REBUILT_AFTER_EXPIRY'

export type PageEntry = PickedEntry & { readonly cursor: string }

/** One page, cut and counted as served. */
export interface FeedPage {
  readonly entries: readonly PageEntry[]
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly startCursor: string | null
  /** Where the next page goes on; differs from `after` even when the page is empty. */
  readonly endCursor: string
  readonly sessionId: string
  readonly continuity: Continuity
  readonly expiresAtMs: number
  /** Its degradation is that of the page: of the ranking and of the checks since. */
  readonly ranking: SlateRanking
}

export interface HomeFeedSessionsOptions {
  readonly homeFeed: Pick<HomeFeed, 'rank' | 'open' | 'recheck' | 'recheckModules'>
  readonly viewerStore: Pick<ViewerStore, 'servedPostIds'>
  readonly servedWriter: ServedWriter
  readonly store: SessionStore
  readonly codec: CursorCodec
  /** 50 to 500. */
  readonly slateSize: number
  readonly createRequestId: () => string
  readonly now: () => number
}

interface OpenSession {
  readonly session: FeedSession
  readonly continuity: Continuity
  /** First position to look at. */
  readonly fromPosition: number
  readonly turn: number
}

/** Ranked sessions: opens one without a cursor, walks it with one, rebuilds it when it is gone. */
export class HomeFeedSessions {
  readonly #options: HomeFeedSessionsOptions
  /** Sessions that are being rebuilt, so that a repeated request joins the first. */
  readonly #rebuilding = new Map<string, Promise<FeedSession>>()

  constructor(options: HomeFeedSessionsOptions) {
    this.#options = options
  }

  /** @throws {FeedError} FEED_CURSOR_INVALID, or what the pipeline throws. */
  async page(request: PageRequest, options: RankOptions): Promise<FeedPage> {
    const binding = bindingOf(request)
    const { session, continuity, fromPosition, turn } = await this.#open(request, options)
    const cut = await cutPage({
      session,
      fromPosition,
      first: request.first,
      rankedNow: continuity !== 'CONTINUED',
      alsoSeenPostIds: request.alsoSeenPostIds,
      recheck: (candidates) =>
        this.#options.homeFeed.recheck(this.#rankRequest(request, session), candidates, options),
      recheckModules: (modules) =>
        this.#options.homeFeed.recheckModules(
          this.#rankRequest(request, session),
          modules,
          options,
        ),
      extend: () => this.#extend(session, request, options),
    })
    this.#options.store.keep(session)
    await this.#commit(session, cut)
    const encode = (position: number, moved: number): string =>
      this.#options.codec.encode(
        {
          sessionId: session.id,
          position,
          turn: moved,
          sessionStartedAtMs: session.startedAtMs,
        },
        binding,
      )
    const entries = cut.picked.map((picked) => ({
      ...picked,
      cursor: encode(picked.position, 0),
    }))
    return {
      entries,
      hasNextPage: cut.hasMore,
      hasPreviousPage: fromPosition > 0,
      startCursor: entries[0]?.cursor ?? null,
      endCursor:
        entries.at(-1)?.cursor ?? encode(cut.nextPosition - 1, (turn + 1) % (TURN_MAX + 1)),
      sessionId: session.id,
      continuity,
      expiresAtMs: this.#options.now() + this.#options.store.idleMs,
      ranking: {
        ...session.ranking,
        degradation: cut.degradation,
        degradedDependencies: cut.degradedDependencies,
      },
    }
  }

  async #open(request: PageRequest, options: RankOptions): Promise<OpenSession> {
    if (request.after === null) {
      const session = await this.#create(request, options, {
        id: randomBytes(SESSION_ID_BYTES).toString('base64url'),
        startedAtMs: options.nowMs,
        firstPosition: 0,
        servedBefore: new Set(),
      })
      return { session, continuity: 'NEW', fromPosition: 0, turn: 0 }
    }
    const cursor = this.#options.codec.decode(request.after, bindingOf(request))
    if (cursor === null) {
      throw new FeedError(
        'FEED_CURSOR_INVALID',
        'The cursor in `after` is not one of this viewer and filter: use `pageInfo.endCursor` of ' +
          'the page before, with the same `filter`, or leave `after` out to start anew.',
        { field: 'after' },
      )
    }
    const known = this.#options.store.get(cursor.sessionId)
    const session = known ?? (await this.#rebuild(cursor, request, options))
    return {
      session,
      continuity: known === null ? 'REBUILT_AFTER_EXPIRY' : 'CONTINUED',
      fromPosition: Math.max(cursor.position + 1, session.firstPosition),
      turn: cursor.turn,
    }
  }

  #rebuild(cursor: FeedCursor, request: PageRequest, options: RankOptions): Promise<FeedSession> {
    const running = this.#rebuilding.get(cursor.sessionId)
    if (running !== undefined) return running
    const rebuild = async (): Promise<FeedSession> => {
      const served = await this.#options.viewerStore.servedPostIds(
        request.viewerId,
        cursor.sessionStartedAtMs,
        SERVED_BEFORE_MAX,
      )
      return this.#create(request, options, {
        id: cursor.sessionId,
        startedAtMs: cursor.sessionStartedAtMs,
        firstPosition: cursor.position + 1,
        servedBefore: new Set(served),
      })
    }
    const rebuilt = rebuild().finally(() => this.#rebuilding.delete(cursor.sessionId))
    this.#rebuilding.set(cursor.sessionId, rebuilt)
    return rebuilt
  }

  async #create(
    request: PageRequest,
    options: RankOptions,
    about: Pick<FeedSession, 'id' | 'startedAtMs' | 'firstPosition' | 'servedBefore'>,
  ): Promise<FeedSession> {
    const asked = this.#toRequest(request, about.servedBefore)
    // Modules belong to the head of a session: one that is rebuilt further down has none.
    const slate =
      about.firstPosition === 0
        ? await this.#options.homeFeed.open(asked, options)
        : withoutModules(await this.#options.homeFeed.rank(asked, options))
    const ranking = toRanking(slate, options.nowMs)
    const session: FeedSession = {
      ...about,
      viewerId: request.viewerId,
      filter: request.filter,
      entries: slate.items.map((item) => toSessionEntry(item, ranking)),
      committedPosition: about.firstPosition,
      lastServedAtMs: 0,
      exhausted: slate.exhausted,
      ranking,
      extending: null,
    }
    this.#options.store.keep(session)
    return session
  }

  /** Ranks again without what the session holds; the new posts go to its end. */
  #extend(session: FeedSession, request: PageRequest, options: RankOptions): Promise<void> {
    if (session.extending !== null) return session.extending
    const extend = async (): Promise<void> => {
      const slate = await this.#rank(request, excludedPostIdsOf(session), options)
      const excluded = excludedPostIdsOf(session)
      const fresh = slate.candidates.filter(
        (candidate) => !excluded.has(candidate.id) && !excluded.has(originalPostIdOf(candidate)),
      )
      const ranking = toRanking(slate, options.nowMs)
      session.entries.push(...fresh.map((candidate) => toSlateEntry(candidate, ranking)))
      session.exhausted = slate.exhausted
      session.ranking = ranking
    }
    session.extending = extend().finally(() => {
      session.extending = null
    })
    return session.extending
  }

  #rank(
    request: PageRequest,
    servedPostIds: ReadonlySet<PostId>,
    options: RankOptions,
  ): Promise<RankedFeed> {
    return this.#options.homeFeed.rank(this.#toRequest(request, servedPostIds), options)
  }

  #rankRequest(request: PageRequest, session: FeedSession): HomeFeedRequest {
    return this.#toRequest(request, session.servedBefore)
  }

  #toRequest(request: PageRequest, servedPostIds: ReadonlySet<PostId>): HomeFeedRequest {
    return {
      requestId: this.#options.createRequestId(),
      viewerId: request.viewerId,
      filter: request.filter,
      countryCode: request.countryCode,
      alsoSeenPostIds: request.alsoSeenPostIds,
      sessionServedPostIds: servedPostIds,
      slateSize: this.#options.slateSize,
      loaders: request.loaders,
    }
  }

  /** Counts the page as served, once: a repeated request returns it again and counts nothing. */
  async #commit(session: FeedSession, cut: CutPage): Promise<void> {
    const fresh = cut.picked.filter(({ position }) => position >= session.committedPosition)
    session.committedPosition = Math.max(session.committedPosition, cut.nextPosition)
    if (fresh.length === 0) return
    session.lastServedAtMs = Math.max(this.#options.now(), session.lastServedAtMs + 1)
    await this.#options.servedWriter.write({
      viewerId: session.viewerId,
      servedAtMs: session.lastServedAtMs,
      surface: session.filter.inNetworkOnly ? 'following' : 'home',
      ...toServed(fresh),
    })
  }
}

const TURN_MAX = 65_535

function bindingOf({ viewerId, filter }: PageRequest): CursorBinding {
  return { feed: 'home', viewerId, filter: spellFilter(filter) }
}

function toRanking(slate: RankedFeed, rankedAtMs: number): SlateRanking {
  return {
    requestId: slate.requestId,
    rankedAtMs,
    modelVersion: slate.modelVersion,
    weightsVersion: slate.weightsVersion,
    degradation: slate.degradation,
    degradedDependencies: slate.degradedDependencies,
  }
}
