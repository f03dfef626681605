import type { UserRecord } from '../../store/records.ts'
import type { VisibilitySubject } from './visibility-rule.ts'
import type { Applies } from './visibility-rule.ts'
import type { ViewerFacts } from './viewer-facts.ts'

/** The post has the label. */
export const labelled =
  (label: string): Applies =>
  ({ moderation }) =>
    hasLabel(moderation.labels, label)

/** The post's author has the label. */
export const authorLabelled =
  (label: string): Applies =>
  ({ authorLabels }) =>
    hasLabel(authorLabels, label)

/** Who flagged them, a person or the house, is one to us. */
const ADULT_LABELS = ['nsfw_user', 'nsfw_admin']
const ADULT_AUTHOR_LABELS = ['adult', ...ADULT_LABELS]

export const isAdultAuthor: Applies = ({ author, authorLabels }) =>
  author?.isAdult === true || hasAny(authorLabels, ADULT_AUTHOR_LABELS)

export const isFlaggedSensitive: Applies = ({ post, moderation }) =>
  post.sensitive || hasAny(moderation.labels, ADULT_LABELS)

export const isNoRepost: Applies = ({ post }) => post.repostOfPostId === null

export const isNotFollowed: Applies = ({ post }, { followedIds }) => !followedIds.has(post.authorId)

export const all =
  (...parts: readonly Applies[]): Applies =>
  (subject, viewer) =>
    parts.every((applies) => applies(subject, viewer))

export const some =
  (...parts: readonly Applies[]): Applies =>
  (subject, viewer) =>
    parts.some((applies) => applies(subject, viewer))

/** Warnings are for viewers who did not ask to see such posts. */
export const unlessOptedIn =
  (applies: Applies): Applies =>
  (subject, viewer) =>
    viewer.account?.sensitiveOptIn !== true && applies(subject, viewer)

export const isInState =
  (state: UserRecord['state']): Applies =>
  ({ author }) =>
    author?.state === state

/** By the country of the request and of the account: either is reason enough. */
export function isTakenDown({ moderation }: VisibilitySubject, viewer: ViewerFacts): boolean {
  if (moderation.takedownCountries.length === 0) return false
  const countries = ['xx', 'xy', viewer.countryCode, viewer.account?.country].map((country) =>
    country?.toLowerCase(),
  )
  return moderation.takedownCountries.some((country) => countries.includes(country.toLowerCase()))
}

function hasAny(labels: readonly string[], wanted: readonly string[]): boolean {
  return labels.length > 0 && wanted.some((label) => hasLabel(labels, label))
}

/** `do-not-amplify` and `DO_NOT_AMPLIFY` are the same label. */
function hasLabel(labels: readonly string[], label: string): boolean {
  return labels.some((each) => each === label || normalized(each) === label)
}

function normalized(label: string): string {
  return label.toLowerCase().replaceAll('-', '_')
}
