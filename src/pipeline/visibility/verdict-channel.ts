import { channel } from 'node:diagnostics_channel'
import type { VisibilityVerdict } from '../home-feed.candidate.ts'
import type { VisibilityLevel } from './visibility-rule.ts'

/** Where answers of the rules are told: `homefeed:visibility`, one `VerdictMessage` a kind. */
const verdicts = channel('homefeed:visibility')

export interface VerdictMessage {
  readonly level: VisibilityLevel
  readonly action: VisibilityVerdict['action']
  /** `none` for a plain allow. */
  readonly rule: string
  readonly count: number
}

type Verdict = Pick<VisibilityVerdict, 'action' | 'rule'> & { readonly level: VisibilityLevel }

/** Tells how many answers there were of each kind, to whoever counts. */
export function publishVerdicts(answers: Iterable<Verdict>): void {
  if (!verdicts.hasSubscribers) return
  const messages = new Map<string, VerdictMessage>()
  for (const { level, action, rule } of answers) {
    const key = `${level} ${action} ${rule}`
    const count = (messages.get(key)?.count ?? 0) + 1
    messages.set(key, { level, action, rule: rule ?? 'none', count })
  }
  for (const message of messages.values()) verdicts.publish(message)
}
