import type { UnavailableReason } from './unavailable-reason.ts'
import {
  all,
  authorLabelled,
  isAdultAuthor,
  isFlaggedSensitive,
  isNotFollowed,
  labelled,
} from './visibility-predicates.ts'
import type { VisibilityRule } from './visibility-rule.ts'

const drop = { action: 'drop', level: 'recommendations', exemptsSelf: true } as const

const byLabel = (
  label: string,
  reason: UnavailableReason = 'REMOVED',
  name = label,
): VisibilityRule => ({ ...drop, name, reason, needsLabel: true, applies: labelled(label) })

const byAuthorLabel = (label: string, reason: UnavailableReason = 'REMOVED'): VisibilityRule => ({
  ...drop,
  name: `author_${label}`,
  reason,
  needsLabel: true,
  applies: authorLabelled(label),
})

const AGE = 'AGE_RESTRICTED'

/** What nobody asked for and nobody should be given. Source: spec/visibility.md 3.2 and 6. */
export const RECOMMENDATION_RULES: readonly VisibilityRule[] = [
  byLabel('dmca'),
  { ...drop, name: 'adult_author_not_recommended', reason: AGE, applies: isAdultAuthor },
  {
    ...drop,
    name: 'sensitive_not_recommended',
    reason: AGE,
    exemptsSelf: false,
    applies: isFlaggedSensitive,
  },
  byLabel('adult', AGE, 'adult_not_recommended'),
  byLabel('nsfw_high_recall', AGE),
  byLabel('nsfw_high_precision', AGE, 'nsfw_high_precision_not_recommended'),
  byLabel('gore', AGE, 'gore_not_recommended'),
  byLabel('nsfw_card_image', AGE, 'nsfw_card_image_not_recommended'),
  byLabel('do_not_amplify', 'UNKNOWN'),
  byLabel('malicious_url'),
  byLabel('spam_high_recall'),
  byLabel('spam_suspect'),
  byLabel('nsfw_text', AGE),
  byLabel('fosnr_abuse_insults'),
  byAuthorLabel('nsfw_high_recall', AGE),
  byAuthorLabel('nsfw_high_precision', AGE),
  byAuthorLabel('spam_high_recall'),
  byAuthorLabel('spam_suspect'),
  byAuthorLabel('spam'),
  byAuthorLabel('compromised'),
  byAuthorLabel('read_only'),
  byAuthorLabel('impersonation_high_precision'),
  byAuthorLabel('nsfw_avatar', AGE),
  byAuthorLabel('nsfw_banner', AGE),
  byAuthorLabel('abusive_high_recall'),
  byAuthorLabel('nsfw_near_perfect', AGE),
  byAuthorLabel('gore'),
  {
    ...byAuthorLabel('do_not_amplify', 'UNKNOWN'),
    applies: all(authorLabelled('do_not_amplify'), isNotFollowed),
  },
]
