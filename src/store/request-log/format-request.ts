import { ACTIONS } from '../../gen/actions.ts'
import type { LoggedCandidate, LoggedRequest } from './logged-request.ts'

/** Heads that are shown of a post: those that matter most for what is seen. */
const HEADS_MAX = 3

/** One line of a list of requests. */
export function formatRequestLine(request: LoggedRequest): string {
  const { requestId, viewerId, rankedAtMs, modelVersion, candidates, leftOut } = request
  const slate = candidates.filter(({ position }) => position !== null).length
  const ranked = candidates.length + leftOut
  const removed = request.removed.reduce((sum, { postIds }) => sum + postIds.length, 0)
  return [
    new Date(rankedAtMs).toISOString(),
    requestId,
    `viewer ${viewerId}`,
    `${slate} of ${ranked} ranked, ${removed} removed`,
    modelVersion ?? 'no model',
  ].join('  ')
}

/** A request in full, for people: who asked, the first posts with their scores, what fell out. */
export function formatRequest(request: LoggedRequest, candidatesMax: number): string {
  const { asked, settings, candidates, leftOut, removed } = request
  const filters = Object.entries(asked.filter).flatMap(([name, isOn]) => (isOn ? [name] : []))
  const shown = candidates.slice(0, candidatesMax)
  const more = candidates.length - shown.length + leftOut
  return [
    formatRequestLine(request),
    `asked     slate ${asked.slateSize}, filter ${filters.join(' ') || 'none'}, ` +
      `country ${asked.countryCode ?? 'not given'}`,
    `known     history ${asked.historyLength ?? 'unknown'}, ` +
      `follows ${asked.followsCount ?? 'unknown'}, ` +
      `${asked.sessionServedPostIds.length} served in this session`,
    `settings  ${settings.digest.slice(0, 16)}, weights ${settings.weightsVersion}, ` +
      `arms ${settings.arms.join(' ') || 'none'}`,
    '',
    ...shown.map(formatCandidate),
    ...(more > 0 ? [`and ${more} more`] : []),
    '',
    ...removed.map(
      ({ filter, detail, postIds }) =>
        `${filter} removed ${postIds.length}${detail === null ? '' : ` (${detail})`}`,
    ),
  ].join('\n')
}

function formatCandidate(candidate: LoggedCandidate): string {
  const { position, postId, score, weightedScore, coldStartScore, propensity } = candidate
  const steps = [
    `weighted ${toText(weightedScore)}`,
    ...(coldStartScore === null ? [] : [`lifted ${toText(coldStartScore)}`]),
    `diversity ${toText(candidate.diversityFactor)}`,
    `network ${toText(candidate.outOfNetworkFactor)}`,
    `window ${candidate.slateWindow ?? '-'}`,
    ...(propensity === 1 ? [] : [`propensity ${toText(propensity)}`]),
  ]
  const line = [
    String(position ?? '-').padStart(4),
    postId.padEnd(19),
    toText(score).padStart(8),
    candidate.sources.join('+'),
    toHeads(candidate),
  ]
  return `${line.join('  ')}\n      ${steps.join(', ')}`
}

/** The likeliest heads. */
function toHeads({ probabilities, scoredBy, dwellSeconds }: LoggedCandidate): string {
  if (probabilities === null) return scoredBy ?? 'not scored'
  const heads = probabilities
    .flatMap((value, index) => (value === null ? [] : [{ name: ACTIONS[index]?.name, value }]))
    .toSorted((a, b) => b.value - a.value)
    .slice(0, HEADS_MAX)
  const dwell = dwellSeconds === null ? [] : [`dwell ${toText(dwellSeconds)} s`]
  return [...heads.map(({ name, value }) => `${name} ${toText(value)}`), ...dwell].join(' ')
}

function toText(value: number | null): string {
  return value === null ? '-' : String(Number(value.toPrecision(4)))
}
