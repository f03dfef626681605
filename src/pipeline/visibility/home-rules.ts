import { isAgeGated } from './viewer-facts.ts'
import {
  all,
  authorLabelled,
  isAdultAuthor,
  isFlaggedSensitive,
  isInState,
  isNoRepost,
  isTakenDown,
  labelled,
  some,
  unlessOptedIn,
} from './visibility-predicates.ts'
import type { VisibilityRule } from './visibility-rule.ts'

const drop = { action: 'drop', level: 'home', exemptsSelf: true } as const
const warning = {
  action: 'interstitial',
  level: 'home',
  exemptsSelf: true,
  reason: 'AGE_RESTRICTED',
} as const

/** A drop by a label of the post that bears the rule's name. */
const byLabel = (name: string): VisibilityRule => ({
  ...drop,
  name,
  reason: 'REMOVED',
  needsLabel: true,
  applies: labelled(name),
})
/** The same for authors too: it binds the house, whoever looks. */
const byLabelForAll = (name: string) => ({ ...byLabel(name), exemptsSelf: false })

/** A warning by a label of the post, for viewers who did not ask to see such posts. */
const warningByLabel = (name: string): VisibilityRule => ({
  ...warning,
  name,
  needsLabel: true,
  applies: unlessOptedIn(labelled(name)),
})
const byAuthorLabel = (label: string): VisibilityRule => ({
  ...drop,
  name: `author_${label}`,
  reason: 'DELETED',
  needsLabel: true,
  applies: authorLabelled(label),
})

/** What the age gate keeps from those who are too young, or may be. */
const isSensitive = some(
  labelled('adult'),
  labelled('gore'),
  labelled('nsfw_high_precision'),
  labelled('nsfw_high_recall'),
  labelled('nsfw_text'),
  labelled('nsfw_card_image'),
  isFlaggedSensitive,
  isAdultAuthor,
)

/** Legality, relations, hard policy. Source: spec/visibility.md 3.1 and 6, in the order of 3.1. */
export const HOME_RULES: readonly VisibilityRule[] = [
  { ...drop, name: 'author_unknown', reason: 'UNKNOWN', applies: ({ author }) => author === null },
  { ...drop, name: 'author_suspended', reason: 'REMOVED', applies: isInState('suspended') },
  { ...drop, name: 'author_deactivated', reason: 'DELETED', applies: isInState('deactivated') },
  byAuthorLabel('erased'),
  byAuthorLabel('offboarded'),
  {
    ...drop,
    name: 'author_hidden',
    reason: 'REMOVED',
    applies: ({ post }, { authorLists }) => authorLists.hiddenAuthorIds.has(post.authorId),
  },
  {
    ...drop,
    name: 'post_hidden',
    reason: 'REMOVED',
    applies: ({ post }, { authorLists }) => authorLists.hiddenPostIds.has(post.id),
  },
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
  byLabelForAll('illegal'),
  byLabelForAll('pdna'),
  byLabel('bounce'),
  byLabel('high_risk_tag'),
  byLabel('spam'),
  byLabelForAll('for_emergency_use_only'),
  byLabel('hateful_conduct'),
  byLabel('violent_speech'),
  byLabel('abuse'),
  byLabel('civic_integrity'),
  byLabel('policy'),
  { ...byLabelForAll('nullcast'), applies: all(labelled('nullcast'), isNoRepost) },
  { ...byLabelForAll('stale'), applies: all(labelled('stale'), isNoRepost) },
  { ...drop, name: 'takedown', reason: 'REMOVED', exemptsSelf: false, applies: isTakenDown },
  {
    ...drop,
    name: 'age_gate',
    reason: 'AGE_RESTRICTED',
    applies: (subject, viewer) => isSensitive(subject, viewer) && isAgeGated(viewer),
  },
  {
    ...drop,
    name: 'subscribers_only',
    reason: 'SUBSCRIBERS_ONLY',
    applies: ({ post }, { subscribedIds }) =>
      post.subscribersOnly && !subscribedIds.has(post.authorId),
  },
  warningByLabel('adult'),
  warningByLabel('nsfw_high_precision'),
  warningByLabel('gore'),
  warningByLabel('nsfw_card_image'),
  { ...warning, name: 'sensitive', applies: unlessOptedIn(isFlaggedSensitive) },
  { ...warning, name: 'adult_author', applies: unlessOptedIn(isAdultAuthor) },
]
