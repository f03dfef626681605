import type { ModerationRecord, PostRecord } from '../../../store/records.ts'

/** How safe it is for an advertisement to stand beside a post, safest first. */
export const BRAND_SAFETIES = ['safe', 'low-risk', 'medium-risk'] as const

export type BrandSafety = (typeof BRAND_SAFETIES)[number]

const MEDIUM_RISK_LABELS: ReadonlySet<string> = new Set([
  'illegal',
  'policy',
  'spam',
  'adult',
  'gore',
  'do_not_amplify',
  'malicious_url',
])
const LOW_RISK_LABELS: ReadonlySet<string> = new Set(['spam_suspect'])

/** One post that an item shows, with its labels; an `Error` = they could not be read. */
export interface JudgedPost {
  readonly post: Pick<PostRecord, 'sensitive'>
  readonly moderation: ModerationRecord | Error
  /** The author's account is for adults. */
  readonly isAdultAuthor: boolean
}

/** The worst of what is shown. Labels that are not known, or nothing shown at all: medium risk. */
export function judgeBrandSafety(shown: readonly JudgedPost[]): BrandSafety {
  if (shown.length === 0) return 'medium-risk'
  const worst = Math.max(...shown.map((each) => BRAND_SAFETIES.indexOf(verdictOf(each))))
  return BRAND_SAFETIES[worst] ?? 'medium-risk'
}

/** Source: spec/blending.md 5, in the labels of spec/visibility.md 6. */
function verdictOf({ post, moderation, isAdultAuthor }: JudgedPost): BrandSafety {
  if (moderation instanceof Error) return 'medium-risk'
  const labels = moderation.labels.map((label) => label.toLowerCase().replaceAll('-', '_'))
  if (post.sensitive || labels.some((label) => MEDIUM_RISK_LABELS.has(label))) return 'medium-risk'
  if (isAdultAuthor || labels.some((label) => LOW_RISK_LABELS.has(label))) return 'low-risk'
  return 'safe'
}
