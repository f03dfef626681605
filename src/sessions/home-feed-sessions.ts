import { randomBytes } from 'node:crypto'
import { FeedError } from '../errors.ts'
import type { PostId, UserId } from '../ids.ts'
import { originalPostIdOf } from '../pipeline/home-feed.candidate.ts'
import { spellFilter, type HomeFeedRequest } from '../pipeline/home-feed.query.ts'
import type { HomeFeed, OpenedFeed, OpenOptions, RankOptions } from '../pipeline/home-feed.ts'
import type { RequestSettings } from '../pipeline/params/feed-settings.ts'
import { NO_OVERRIDES } from '../pipeline/params/param-overrides.ts'
import type { ParamOverrides } from '../pipeline/params/param-overrides.ts'
import type { ViewerStore } from '../store/viewer-store.ts'
import { SESSION_ID_BYTES } from './cursor-codec.ts'
import type { CursorBinding, CursorCodec, FeedCursor } from './cursor-codec.ts'
import { cutPage } from './cut-page.ts'
import type { CutPage } from './cut-page.ts'
import type { Continuity, FeedPage, PageRequest } from './feed-page.ts'
import { excludedPostIdsOf } from './feed-session.ts'
import type { FeedSession } from './feed-session.ts'
import type { ServedWriter } from './served-writer.ts'
import { exposedArmsOf, refuseOtherOverrides, toRanking } from './session-settings.ts'
import type { Exposure } from './session-settings.ts'
import type { SessionStore } from './session-store.ts'
import { toServed, toSessionEntry, toSlateEntry, withoutModules } from './slate-entry.ts'

/** Served posts that a rebuilt session leaves out, at most. */
const SERVED_BEFORE_MAX = 10_000

export interface HomeFeedSessionsOptions {
  readonly homeFeed: Pick<HomeFeed, 'rank' | 'open' | 'recheck' | 'recheckModules'>
  readonly viewerStore: Pick<ViewerStore, 'servedPostIds'>
  readonly servedWriter: ServedWriter
  readonly store: SessionStore
  readonly codec: CursorCodec
  /** What a viewer's new session is ranked with. */
  readonly resolveSettings: (viewerId: UserId, overrides: ParamOverrides) => RequestSettings
  /** Told of every ranking of a viewer who takes part in experiments. */
  readonly onExposure: (exposure: Exposure) => void
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
        this.#options.homeFeed.recheck(this.#rankRequest(request, session), candidates, {
          ...options,
          settings: session.settings,
        }),
      recheckModules: (modules) =>
        this.#options.homeFeed.recheckModules(this.#rankRequest(request, session), modules, {
          ...options,
          settings: session.settings,
        }),
      extend: () => this.#extend(session, request, options),
    })
    this.#options.store.keep(session)
    // A visit is a request that opens a session; the pages after it belong to the same visit.
    const isVisit = continuity !== 'CONTINUED' && !request.isBackground
    await this.#commit(session, cut, isVisit ? options.nowMs : null)
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
    if (known !== null) refuseOtherOverrides(request.overrides, known)
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
    const { viewerId, overrides = NO_OVERRIDES } = request
    const settings = this.#options.resolveSettings(viewerId, overrides)
    const { firstPosition, startedAtMs: sessionStartedAtMs, servedBefore } = about
    const slate = await this.#rank(request, servedBefore, {
      ...options,
      settings,
      place: { firstPosition, sessionStartedAtMs },
    })
    const ranking = toRanking(slate, options.nowMs, settings)
    const session: FeedSession = {
      ...about,
      settings,
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
      const { settings } = session
      const slate = await this.#rank(request, excludedPostIdsOf(session), { ...options, settings })
      const excluded = excludedPostIdsOf(session)
      const fresh = slate.candidates.filter(
        (candidate) => !excluded.has(candidate.id) && !excluded.has(originalPostIdOf(candidate)),
      )
      const ranking = toRanking(slate, options.nowMs, settings)
      session.entries.push(...fresh.map((candidate) => toSlateEntry(candidate, ranking)))
      session.exhausted = slate.exhausted
      session.ranking = ranking
    }
    session.extending = extend().finally(() => {
      session.extending = null
    })
    return session.extending
  }

  async #rank(
    request: PageRequest,
    servedPostIds: ReadonlySet<PostId>,
    options: OpenOptions & { readonly settings: RequestSettings },
  ): Promise<OpenedFeed> {
    const { settings, place } = options
    const ask = this.#toRequest(request, servedPostIds, settings)
    const { homeFeed } = this.#options
    // What lengthens a slate stands behind the places of modules.
    const slate =
      place === undefined
        ? withoutModules(await homeFeed.rank(ask, options))
        : await homeFeed.open(ask, options)
    const arms = exposedArmsOf(settings)
    const { viewerId, requestId } = ask
    if (arms.length > 0) this.#options.onExposure({ viewerId, requestId, arms })
    return slate
  }

  #rankRequest(request: PageRequest, session: FeedSession): HomeFeedRequest {
    return this.#toRequest(request, session.servedBefore, session.settings)
  }

  #toRequest(
    request: PageRequest,
    servedPostIds: ReadonlySet<PostId>,
    { params }: RequestSettings,
  ): HomeFeedRequest {
    return {
      requestId: this.#options.createRequestId(),
      viewerId: request.viewerId,
      filter: request.filter,
      countryCode: request.countryCode,
      languages: request.languages,
      alsoSeenPostIds: request.alsoSeenPostIds,
      sessionServedPostIds: servedPostIds,
      slateSize: params.request.slateSize,
      loaders: request.loaders,
    }
  }

  /** Counts the page as served, once: a repeated request returns it again and counts nothing. */
  async #commit(session: FeedSession, cut: CutPage, visitAtMs: number | null): Promise<void> {
    const fresh = cut.picked.filter(({ position }) => position >= session.committedPosition)
    session.committedPosition = Math.max(session.committedPosition, cut.nextPosition)
    if (fresh.length === 0 && visitAtMs === null) return
    session.lastServedAtMs = Math.max(this.#options.now(), session.lastServedAtMs + 1)
    await this.#options.servedWriter.write({
      viewerId: session.viewerId,
      servedAtMs: session.lastServedAtMs,
      requestedAtMs: visitAtMs,
      surface: session.filter.inNetworkOnly ? 'following' : 'home',
      ...toServed(fresh),
      arms: exposedArmsOf(session.settings),
    })
  }
}

const TURN_MAX = 65_535

function bindingOf({ viewerId, filter }: PageRequest): CursorBinding {
  return { feed: 'home', viewerId, filter: spellFilter(filter) }
}
