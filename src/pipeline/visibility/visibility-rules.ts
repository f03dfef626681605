import type { ModerationRecord, PostRecord, UserRecord } from '../../store/records.ts'
import type { UnavailableReason } from './unavailable-reason.ts'
import { isAgeGated } from './viewer-facts.ts'
import type { ViewerFacts } from './viewer-facts.ts'

/**
 * `home`: posts that the viewer asked for. `recommendations`: everything else, and what a post
 * shows of others; the home rules and more.
 */
export type VisibilityLevel = 'home' | 'recommendations'

/** One post and what is known about it and its author. */
export interface VisibilitySubject {
  readonly post: PostRecord
  readonly author: UserRecord | null
  readonly moderation: ModerationRecord
  readonly authorLabels: readonly string[]
}

export interface VisibilityRule {
  readonly name: string
  /** The lowest level at which it holds. */
  readonly level: VisibilityLevel
  readonly action: 'drop' | 'interstitial'
  readonly reason: UnavailableReason
  /** Whether authors see their own posts in spite of it. */
  readonly exemptsSelf: boolean
  applies(subject: VisibilitySubject, viewer: ViewerFacts): boolean
}

type Applies = VisibilityRule['applies']

const labelled =
  (label: string): Applies =>
  ({ moderation }) =>
    hasLabel(moderation.labels, label)
const authorLabelled =
  (label: string): Applies =>
  ({ authorLabels }) =>
    hasLabel(authorLabels, label)
const isAdultAuthor: Applies = ({ author, authorLabels }) =>
  author?.isAdult === true || hasLabel(authorLabels, 'adult')
const isFlaggedSensitive: Applies = ({ post }) => post.sensitive
const SENSITIVE: readonly Applies[] = [
  labelled('adult'),
  labelled('gore'),
  isFlaggedSensitive,
  isAdultAuthor,
]

const drop = { action: 'drop', level: 'home', exemptsSelf: true } as const
const recommendation = { action: 'drop', level: 'recommendations', exemptsSelf: true } as const
const interstitial = { action: 'interstitial', level: 'home', exemptsSelf: true } as const
const unlessOptedIn =
  (applies: Applies): Applies =>
  (subject, viewer) =>
    viewer.account?.sensitiveOptIn !== true && applies(subject, viewer)

/**
 * Who may see what, in order of evaluation: the first drop wins, else the first interstitial.
 * Source: spec/visibility.md 6 (the minimal set), with 3.1 rules 14 and 16.
 */
export const VISIBILITY_RULES: readonly VisibilityRule[] = [
  { ...drop, name: 'author_unknown', reason: 'UNKNOWN', applies: ({ author }) => author === null },
  { ...drop, name: 'author_suspended', reason: 'REMOVED', applies: isInState('suspended') },
  { ...drop, name: 'author_deactivated', reason: 'DELETED', applies: isInState('deactivated') },
  {
    ...drop,
    name: 'protected',
    reason: 'PROTECTED',
    applies: ({ author, post }, { followedIds }) =>
      author?.isProtected === true && !followedIds.has(post.authorId),
  },
  {
    ...drop,
    name: 'viewer_blocks_author',
    reason: 'AUTHOR_BLOCKED',
    applies: ({ post }, { blockedIds }) => blockedIds.has(post.authorId),
  },
  {
    ...drop,
    name: 'author_blocks_viewer',
    reason: 'BLOCKED_BY_AUTHOR',
    applies: ({ post }, { blockedByIds }) => blockedByIds.has(post.authorId),
  },
  {
    ...drop,
    name: 'viewer_mutes_author',
    reason: 'AUTHOR_MUTED',
    applies: ({ post }, { mutedIds }) => mutedIds.has(post.authorId),
  },
  {
    ...drop,
    name: 'viewer_mutes_reposts',
    reason: 'AUTHOR_MUTED',
    applies: ({ post }, { mutedRepostIds }) =>
      post.repostOfPostId !== null && mutedRepostIds.has(post.authorId),
  },
  {
    ...drop,
    name: 'illegal',
    reason: 'REMOVED',
    exemptsSelf: false,
    applies: labelled('illegal'),
  },
  { ...drop, name: 'spam', reason: 'REMOVED', applies: labelled('spam') },
  { ...drop, name: 'policy', reason: 'REMOVED', applies: labelled('policy') },
  {
    ...drop,
    name: 'takedown',
    reason: 'REMOVED',
    exemptsSelf: false,
    applies: isTakenDown,
  },
  {
    ...drop,
    name: 'age_gate',
    reason: 'AGE_RESTRICTED',
    applies: (subject, viewer) =>
      isAgeGated(viewer) && SENSITIVE.some((applies) => applies(subject, viewer)),
  },
  {
    ...drop,
    name: 'subscribers_only',
    reason: 'SUBSCRIBERS_ONLY',
    applies: ({ post }, { subscribedIds }) =>
      post.subscribersOnly && !subscribedIds.has(post.authorId),
  },
  {
    ...interstitial,
    name: 'adult',
    reason: 'AGE_RESTRICTED',
    applies: unlessOptedIn(labelled('adult')),
  },
  {
    ...interstitial,
    name: 'gore',
    reason: 'AGE_RESTRICTED',
    applies: unlessOptedIn(labelled('gore')),
  },
  {
    ...interstitial,
    name: 'sensitive',
    reason: 'AGE_RESTRICTED',
    applies: unlessOptedIn(isFlaggedSensitive),
  },
  {
    ...interstitial,
    name: 'adult_author',
    reason: 'AGE_RESTRICTED',
    applies: unlessOptedIn(isAdultAuthor),
  },
  {
    ...recommendation,
    name: 'adult_not_recommended',
    reason: 'AGE_RESTRICTED',
    applies: labelled('adult'),
  },
  {
    ...recommendation,
    name: 'gore_not_recommended',
    reason: 'AGE_RESTRICTED',
    applies: labelled('gore'),
  },
  {
    ...recommendation,
    name: 'sensitive_not_recommended',
    reason: 'AGE_RESTRICTED',
    applies: isFlaggedSensitive,
  },
  {
    ...recommendation,
    name: 'adult_author_not_recommended',
    reason: 'AGE_RESTRICTED',
    applies: isAdultAuthor,
  },
  {
    ...recommendation,
    name: 'do_not_amplify',
    reason: 'UNKNOWN',
    applies: labelled('do_not_amplify'),
  },
  {
    ...recommendation,
    name: 'malicious_url',
    reason: 'REMOVED',
    applies: labelled('malicious_url'),
  },
  { ...recommendation, name: 'spam_suspect', reason: 'REMOVED', applies: labelled('spam_suspect') },
  {
    ...recommendation,
    name: 'author_do_not_amplify',
    reason: 'UNKNOWN',
    applies: (subject, viewer) =>
      authorLabelled('do_not_amplify')(subject, viewer) &&
      !viewer.followedIds.has(subject.post.authorId),
  },
  { ...recommendation, name: 'author_spam', reason: 'REMOVED', applies: authorLabelled('spam') },
  {
    ...recommendation,
    name: 'author_spam_suspect',
    reason: 'REMOVED',
    applies: authorLabelled('spam_suspect'),
  },
  { ...recommendation, name: 'author_gore', reason: 'REMOVED', applies: authorLabelled('gore') },
]

/** `do-not-amplify` and `DO_NOT_AMPLIFY` are the same label. */
function hasLabel(labels: readonly string[], label: string): boolean {
  return labels.some((each) => each === label || normalized(each) === label)
}

function normalized(label: string): string {
  return label.toLowerCase().replaceAll('-', '_')
}

function isInState(state: UserRecord['state']): Applies {
  return ({ author }) => author?.state === state
}

/** By the country of the request and of the account: either is reason enough. */
function isTakenDown({ moderation }: VisibilitySubject, viewer: ViewerFacts): boolean {
  const countries = ['xx', 'xy', viewer.countryCode, viewer.account?.country].map((country) =>
    country?.toLowerCase(),
  )
  return moderation.takedownCountries.some((country) => countries.includes(country.toLowerCase()))
}
