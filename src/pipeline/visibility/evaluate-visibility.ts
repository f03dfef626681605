import type { VisibilityVerdict } from '../home-feed.candidate.ts'
import type { UnavailableReason } from './unavailable-reason.ts'
import type { ViewerFacts } from './viewer-facts.ts'
import { RULES_WITHOUT_LABELS, VISIBILITY_RULES } from './visibility-rules.ts'
import type { VisibilityLevel, VisibilitySubject } from './visibility-rule.ts'

/** A verdict and, when it is not a plain allow, the reason to give to the viewer. */
export interface VisibilityAnswer extends VisibilityVerdict {
  readonly reason: UnavailableReason | null
}

/**
 * The first drop wins, then the first interstitial; else the post is shown. Trusted authors are
 * judged at level `home` wherever they appear. Pure.
 */
export function evaluateVisibility(
  level: VisibilityLevel,
  subject: VisibilitySubject,
  viewer: ViewerFacts,
): VisibilityAnswer {
  const isSelf = subject.post.authorId === viewer.viewerId
  const labels = subject.moderation.labels
  const isLabelled = labels.length > 0 || subject.authorLabels.length > 0
  const rules = isLabelled ? VISIBILITY_RULES : RULES_WITHOUT_LABELS
  let warning: VisibilityAnswer | null = null
  for (const rule of rules[levelFor(level, subject, viewer)]) {
    if (rule.action === 'interstitial' && warning !== null) continue
    if ((isSelf && rule.exemptsSelf) || !rule.applies(subject, viewer)) continue
    const answer = { action: rule.action, rule: rule.name, labels, reason: rule.reason }
    if (rule.action === 'drop') return answer
    warning = answer
  }
  return warning ?? { action: 'allow', rule: null, labels, reason: null }
}

function levelFor(
  level: VisibilityLevel,
  { post }: VisibilitySubject,
  { authorLists }: ViewerFacts,
): VisibilityLevel {
  return authorLists.trustedAuthorIds.has(post.authorId) ? 'home' : level
}
