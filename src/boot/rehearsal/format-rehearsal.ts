import { isHealthy } from './rehearse.ts'
import type { Outcome, Rehearsal, RehearsedPost } from './rehearse.ts'

const TEXT_MAX = 26
const NOT_HEALTHY =
  'The feed is not healthy before anything is dead (see its column): the machine may be too busy.'

/** Both feeds side by side, then what the answer says of itself. */
export function formatRehearsal({ fault, mode, viewerId, healthy, rehearsed }: Rehearsal): string {
  const rows = Array.from(
    { length: Math.max(healthy.posts.length, rehearsed.posts.length) },
    (_, index) => [
      String(index + 1),
      ...cellsOf(healthy.posts[index]),
      placeOf(rehearsed.posts[index], healthy),
      ...cellsOf(rehearsed.posts[index]),
    ],
  )
  const head = ['#', 'healthy', 'by', 'source', 'was', 'rehearsed', 'by', 'source']
  return [
    `${fault} ${mode === 'fail' ? 'fails' : 'never answers'}; viewer ${viewerId}`,
    ...(isHealthy(healthy) ? [] : [NOT_HEALTHY]),
    '',
    ...toLines([head, ...rows]),
    '',
    ...toLines([
      ['', 'healthy', 'rehearsed'],
      ...FACTS.map(([name, read]) => [name, read(healthy), read(rehearsed)]),
    ]),
  ].join('\n')
}

const FACTS: readonly (readonly [string, (outcome: Outcome) => string])[] = [
  ['error', ({ error }) => (error === null ? '-' : toErrorText(error))],
  ['degradation', ({ degradation }) => degradation.join(' ') || '-'],
  ['dependencies', ({ degradedDependencies }) => degradedDependencies.join(' ') || '-'],
  ['failed', ({ failed }) => failed.join(', ') || '-'],
  ['posts in the slate', ({ slate }) => String(slate.length)],
  ['withheld', ({ withheld }) => toCountsText(withheld)],
  ['time', ({ durationMs }) => `${Math.round(durationMs)} ms`],
]

function toErrorText({ code, retryable }: NonNullable<Outcome['error']>): string {
  return retryable ? `${code} (retryable)` : code
}

function toCountsText(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([reason, count]) => `${count} ${reason}`)
  return parts.join(', ') || '-'
}

function cellsOf(post: RehearsedPost | undefined): readonly string[] {
  if (post === undefined) return ['-', '', '']
  const { text, postId, author, sources, scoredBy } = post
  const line = text.replace(/\s+/gu, ' ').trim()
  const short = line.length > TEXT_MAX ? `${line.slice(0, TEXT_MAX - 1)}…` : line
  return [short || postId, `@${author}`, `${sources.join('+')}/${scoredBy ?? 'unscored'}`]
}

/** Where the healthy slate has the post, from 1. */
function placeOf(post: RehearsedPost | undefined, { slate }: Outcome): string {
  if (post === undefined) return ''
  const place = slate.indexOf(post.postId)
  return place < 0 ? 'new' : String(place + 1)
}

function toLines(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => [...(row[column] ?? '')].length)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length))
      .join('  ')
      .trimEnd(),
  )
}
