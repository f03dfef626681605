import type { StageListing } from '../framework/pipeline-config.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'

/** Each row of a pipeline: null = a request may switch it off, else why it may not. */
export type SwitchRules = ReadonlyMap<string, string | null>

/** Fields of the query that rules about who may see what go by; rows read them undeclared. */
const SAFETY_QUERY_FIELDS: readonly (keyof HomeFeedQuery)[] = [
  'followedIds',
  'blockedIds',
  'blockedByIds',
  'mutedIds',
  'mutedRepostIds',
  'mutedKeywords',
  'subscribedIds',
  'viewerAccount',
]

/**
 * What a request may switch off: any row but the selector, those that decide who may see what
 * (fail-closed), and those whose fields such a row reads, directly or through others.
 */
export function readSwitchRules<Q>(stages: readonly StageListing<Q>[]): SwitchRules {
  const rows = stages.flatMap(({ stage, components }) =>
    components.map((component) => ({
      stage,
      name: component.name,
      isSafety: component.failurePolicy === 'fail-closed',
      reads: (component.reads ?? []).map(String),
      writes: (component.writes ?? []).map(String),
    })),
  )
  const reasons = new Map<string, string | null>(rows.map(({ name }) => [name, null]))
  const readers = new Map(SAFETY_QUERY_FIELDS.map((field) => [String(field), 'a rule']))
  // Later rows first: what a row reads was written before it.
  for (const row of rows.toReversed()) {
    const reader = row.writes.map((field) => readers.get(field)).find((name) => name !== undefined)
    const reason = reasonOf(row, reader)
    reasons.set(row.name, reason)
    if (reason === null || row.stage === 'selector') continue
    for (const field of row.reads) if (!readers.has(field)) readers.set(field, row.name)
  }
  return reasons
}

function reasonOf(
  { stage, isSafety }: { readonly stage: string; readonly isSafety: boolean },
  reader: string | undefined,
): string | null {
  if (stage === 'selector') return 'without a selector there is no order'
  if (isSafety) return 'it decides who may see what'
  if (reader === undefined) return null
  return `${reader} decides by what it brings who may see what`
}
