/** Why a viewer may not see a post, as the schema's `UnavailableReason` names it. */
export const UNAVAILABLE_REASONS = [
  'DELETED',
  'AUTHOR_BLOCKED',
  'BLOCKED_BY_AUTHOR',
  'AUTHOR_MUTED',
  'KEYWORD_MUTED',
  'PROTECTED',
  'SUBSCRIBERS_ONLY',
  'AGE_RESTRICTED',
  'REMOVED',
  'UNKNOWN',
] as const

export type UnavailableReason = (typeof UNAVAILABLE_REASONS)[number]
