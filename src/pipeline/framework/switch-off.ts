import type { Component } from './component.ts'
import type { PipelineConfig } from './pipeline-config.ts'

/**
 * The same pipeline with these rows off. They stay in its table and in its reports, as not enabled.
 * The selector cannot be switched off.
 */
export function switchOff<Q extends object, C extends object>(
  config: PipelineConfig<Q, C>,
  names: ReadonlySet<string>,
): PipelineConfig<Q, C> {
  if (names.size === 0) return config
  const off = <T extends Component<Q>>(components: readonly T[]): readonly T[] =>
    components.map((each) => (names.has(each.name) ? { ...each, enable: () => false } : each))
  return {
    ...config,
    queryHydrators: off(config.queryHydrators),
    dependentQueryHydrators: off(config.dependentQueryHydrators),
    sources: off(config.sources),
    hydrators: off(config.hydrators),
    filters: off(config.filters),
    scorers: off(config.scorers),
    postSelectionHydrators: off(config.postSelectionHydrators),
    postSelectionFilters: off(config.postSelectionFilters),
    sideEffects: off(config.sideEffects),
  }
}
