import { LRUCache } from 'lru-cache'
import { sql } from 'kysely'
import { trustPostId, trustTopicId, type PostId, type TopicId } from '../ids.ts'
import type { Database } from './database.ts'
import { ensureTopics } from './import/ensure-topics.ts'
import type { TopicRecord } from './records.ts'

export interface TopicStoreOptions {
  /** ms: older posts are not named. */
  readonly windowMs: number
  /** Posts named at most, the newest. */
  readonly postsMax: number
  /** Sets of topics whose posts are kept. */
  readonly setsMax: number
  /** ms that posts are good for: they are the same for everybody. */
  readonly postsKeptMs: number
  /** ms that the list of topics is good for. */
  readonly topicsKeptMs: number
}

/** What there is to read about, and what is about it. */
export interface TopicStore {
  /**
   * Every topic, by id. A failing database is answered with the last list; rejects without one.
   */
  topics(nowMs: number): Promise<readonly TopicRecord[]>
  /**
   * Recent originals and quotes about any of the topics, newest first, as far as they are stored.
   * Rejects when the database cannot be read.
   */
  recentPostIds(topicIds: readonly TopicId[], nowMs: number): Promise<readonly PostId[]>
}

interface Kept<V> {
  readonly value: Promise<V>
  readonly untilMs: number
}

async function readTopics(database: Database): Promise<readonly TopicRecord[]> {
  const { rows } = await sql<{ id: number; name: string }>`
    select id, name from topics order by id`.execute(database.kysely)
  return rows.map(({ id, name }) => ({ id: trustTopicId(id), name }))
}

/** Each read is one statement, shared by all who ask within the time that it is good for. */
export function createTopicStore(database: Database, options: TopicStoreOptions): TopicStore {
  const { windowMs, postsMax, setsMax, postsKeptMs, topicsKeptMs } = options
  const posts = new LRUCache<string, Kept<readonly PostId[]>>({ max: setsMax })
  let topics: Kept<readonly TopicRecord[]> | null = null
  let lastTopics: readonly TopicRecord[] | null = null

  async function readPosts(
    topicIds: readonly TopicId[],
    nowMs: number,
  ): Promise<readonly PostId[]> {
    const { rows } = await sql<{ id: string }>`
      select p.id from posts p
      where p.created_at_ms >= ${nowMs - windowMs} and p.deleted_at_ms is null
        and p.reply_to_post_id is null and p.reply_to_user_id is null
        and p.repost_of_post_id is null
        and exists (
          select from post_topics t
          where t.post_id = p.id and t.topic_id = any(${topicIds}::integer[])
        )
      order by p.created_at_ms desc, p.id desc limit ${postsMax}`.execute(database.kysely)
    return rows.map((row) => trustPostId(row.id))
  }

  async function readOrLast(): Promise<readonly TopicRecord[]> {
    try {
      return (lastTopics = await readTopics(database))
    } catch (error) {
      if (lastTopics === null) throw error
      return lastTopics
    }
  }

  return {
    topics(nowMs) {
      if (topics === null || nowMs >= topics.untilMs) {
        const reading = { value: readOrLast(), untilMs: nowMs + topicsKeptMs }
        topics = reading
        reading.value.catch(() => {
          if (topics === reading) topics = null
        })
      }
      return topics.value
    },
    recentPostIds(topicIds, nowMs) {
      const key = topicIds.toSorted().join()
      const kept = posts.get(key)
      if (kept !== undefined && nowMs < kept.untilMs) return kept.value
      const reading = { value: readPosts(topicIds, nowMs), untilMs: nowMs + postsKeptMs }
      posts.set(key, reading)
      // A failure is everybody's who waits for it, but nobody's after that.
      reading.value.catch(() => {
        if (posts.peek(key) === reading) posts.delete(key)
      })
      return reading.value
    },
  }
}

/** Adds the topics that `groupsOf` names for those that there are, as far as they are missing. */
export async function addTopics(
  database: Database,
  groupsOf: (names: readonly string[]) => readonly string[],
): Promise<void> {
  const known = new Set((await readTopics(database)).map(({ name }) => name))
  const missing = groupsOf([...known]).filter((name) => !known.has(name))
  if (missing.length === 0) return
  await database.kysely.transaction().execute((transaction) => ensureTopics(transaction, missing))
}
