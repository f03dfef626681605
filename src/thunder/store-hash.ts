import { createHash } from 'node:crypto'
import { ROW_FIRST, ROW_LENGTH, ROW_SIZE } from './author-table.ts'
import { ENTRY_HEAD, ENTRY_SIZE, ENTRY_SLOT } from './block-arena.ts'
import { FLAGS_MASK, toSeconds } from './entry-head.ts'
import { joinId } from './id-halves.ts'
import { HOT_HEAD, HOT_SIZE, IS_LIVE, IS_TOMBSTONE } from './post-slots.ts'
import type { PostTable } from './post-table.ts'
import { describePost } from './stored-post.ts'
import { StoredPosts } from './stored-posts.ts'

function linesOfSlots(table: PostTable, nowSeconds: number): string[] {
  const { ids, hot, states, versionLows, versionHighs, last } = table.slots
  const posts = new StoredPosts(table)
  const lines: string[] = []
  for (let slot = 1; slot <= last; slot += 1) {
    const state = states[slot] ?? 0
    if ((state & IS_LIVE) !== 0) lines.push(describePost(posts.toStoredPost(slot, nowSeconds)))
    else if ((state & IS_TOMBSTONE) !== 0) {
      const postId = joinId(ids[slot * 2] ?? 0, ids[slot * 2 + 1] ?? 0)
      const version = joinId(versionLows[slot] ?? 0, versionHighs[slot] ?? 0)
      const seconds = toSeconds(hot[slot * HOT_SIZE + HOT_HEAD] ?? 0, nowSeconds)
      lines.push(`${postId} ${seconds} ${version}`)
    }
  }
  return lines
}

/** An author's entries in order, with their flags: they must not depend on the way either. */
function lineOfTimeline(table: PostTable, author: number): string {
  const { rows, ids } = table.authors
  const { entries } = table.timelines
  const first = rows[author * ROW_SIZE + ROW_FIRST] ?? 0
  const words: string[] = []
  for (let at = first; at < first + (rows[author * ROW_SIZE + ROW_LENGTH] ?? 0); at += 1) {
    const slot = entries[at * ENTRY_SIZE + ENTRY_SLOT] ?? 0
    const postId = joinId(table.slots.ids[slot * 2] ?? 0, table.slots.ids[slot * 2 + 1] ?? 0)
    words.push(`${postId}/${(entries[at * ENTRY_SIZE + ENTRY_HEAD] ?? 0) & FLAGS_MASK}`)
  }
  return `${joinId(ids[author * 2] ?? 0, ids[author * 2 + 1] ?? 0)}: ${words.join(' ')}`
}

/** SHA-256 over posts, tombstones and timelines; equal for equal contents. Reads everything. */
export function hashOf(table: PostTable, nowSeconds: number): string {
  const lines = linesOfSlots(table, nowSeconds)
  for (let author = 1; author <= table.authors.count; author += 1) {
    if (table.authors.rows[author * ROW_SIZE + ROW_LENGTH] === 0) continue
    lines.push(lineOfTimeline(table, author))
  }
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex')
}
