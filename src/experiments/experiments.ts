import { LRUCache } from 'lru-cache'
import type { UserId } from '../ids.ts'
import { createFeedSettings, DEFAULT_SETTINGS } from '../pipeline/params/feed-settings.ts'
import type { RequestSettings } from '../pipeline/params/feed-settings.ts'
import { NO_OVERRIDES, spellOverrides } from '../pipeline/params/param-overrides.ts'
import type { ParamOverrides } from '../pipeline/params/param-overrides.ts'
import { assignArm } from './assign-arm.ts'
import type { Arm, Experiment } from './experiment.ts'

/** Combinations of arms and overrides whose settings are kept, about 5 kB each. */
const SETTINGS_MAX = 500

/** What each request is ranked with: the defaults, under the viewer's arms, under its overrides. */
export class Experiments {
  readonly #experiments: readonly Experiment[]
  /** One object for equal settings, which thousands of sessions hold. */
  readonly #settings = new LRUCache<string, RequestSettings>({ max: SETTINGS_MAX })

  constructor(experiments: readonly Experiment[]) {
    this.#experiments = experiments
  }

  settingsOf(viewerId: UserId, overrides: ParamOverrides = NO_OVERRIDES): RequestSettings {
    const assigned = this.#experiments.flatMap((experiment) => {
      const arm = assignArm(experiment, viewerId)
      return arm === null ? [] : [{ name: `${experiment.name}:${arm.name}`, arm }]
    })
    const spelled = spellOverrides(overrides)
    if (assigned.length === 0 && spelled === '') return DEFAULT_SETTINGS
    const names = assigned.map(({ name }) => name).toSorted()
    const key = [...names, spelled].join('\n')
    const known = this.#settings.get(key)
    if (known !== undefined) return known
    const arms = assigned.map(({ arm }: { readonly arm: Arm }) => arm.overrides)
    const settings = {
      ...createFeedSettings(...arms, overrides),
      arms: names,
      overrides: spelled,
    }
    this.#settings.set(key, settings)
    return settings
  }
}
