import { HOME_RULES } from './home-rules.ts'
import { RECOMMENDATION_RULES } from './recommendation-rules.ts'
import type { VisibilityLevel, VisibilityRule } from './visibility-rule.ts'

/**
 * Who may see what, in order of evaluation: the first drop wins, else the first warning. One table
 * of the published rules (spec/visibility.md 3) and the general ones (6).
 */
export const VISIBILITY_RULES: Readonly<Record<VisibilityLevel, readonly VisibilityRule[]>> = {
  home: HOME_RULES,
  recommendations: [...HOME_RULES, ...RECOMMENDATION_RULES],
}

/** What is left of it for a post without a label by an author without one: most there are. */
export const RULES_WITHOUT_LABELS: typeof VISIBILITY_RULES = {
  home: VISIBILITY_RULES.home.filter(({ needsLabel }) => needsLabel !== true),
  recommendations: VISIBILITY_RULES.recommendations.filter(({ needsLabel }) => needsLabel !== true),
}
