import type { ListedComponent, PipelineConfig, StageListing } from './pipeline-config.ts'
import { listStages } from './pipeline-config.ts'
import type { Stage } from './component.ts'

const PARALLEL: ReadonlySet<Stage> = new Set([
  'query-hydrator',
  'dependent-query-hydrator',
  'hydrator',
  'post-selection-hydrator',
])
const OF_THE_QUERY: ReadonlySet<Stage> = new Set(['query-hydrator', 'dependent-query-hydrator'])

/**
 * Refuses a pipeline that cannot work, when it is built rather than when it is asked.
 *
 * @throws Error that names the pipeline, the component and what to change.
 */
export function checkPipeline<Q extends object, C extends object>(
  config: PipelineConfig<Q, C>,
): void {
  const stages = listStages(config)
  const refuse = (fault: string): never => {
    throw new Error(`pipeline ${config.name}: ${fault}`)
  }
  const fault =
    findNumberFault(config) ??
    findNameFault(stages) ??
    findPolicyFault(stages) ??
    findOwnerFault(stages) ??
    findReadFault(stages, {
      query: new Set<PropertyKey>(config.identity?.query),
      candidate: new Set<PropertyKey>(config.identity?.candidate),
    })
  if (fault !== null) refuse(fault)
}

type Fault = string | null

function findNumberFault<Q extends object, C extends object>(config: PipelineConfig<Q, C>): Fault {
  if (!(config.budgetMs > 0)) return `budgetMs must be above 0, got ${config.budgetMs}`
  const batchesMax = config.sideEffectBatchesMax
  if (batchesMax !== undefined && !(batchesMax >= 1)) {
    return `sideEffectBatchesMax must be at least 1, got ${batchesMax}`
  }
  return null
}

function findNameFault<Q>(stages: readonly StageListing<Q>[]): Fault {
  const stageByName = new Map<string, Stage>()
  for (const { stage, components } of stages) {
    for (const { name } of components) {
      if (name === '') return `a component of stage ${stage} has no name`
      const other = stageByName.get(name)
      if (other !== undefined) return `two components are named ${name} (${other} and ${stage})`
      stageByName.set(name, stage)
    }
  }
  return null
}

function findPolicyFault<Q>(stages: readonly StageListing<Q>[]): Fault {
  for (const { stage, components } of stages) {
    for (const component of components) {
      const fault = policyFaultOf(stage, component)
      if (fault !== null) return `${component.name} ${fault}`
    }
  }
  return null
}

function policyFaultOf<Q>(stage: Stage, component: ListedComponent<Q>): Fault {
  const { failurePolicy, replacement, timeoutMs } = component
  const replaces = failurePolicy === 'replace'
  if (replaces && (replacement ?? '') === '') {
    return 'has failurePolicy replace but no replacement: say what stands in'
  }
  if (!replaces && replacement !== undefined) {
    return `has a replacement but failurePolicy ${failurePolicy ?? 'fail-open'}`
  }
  if (replaces && (stage === 'filter' || stage === 'post-selection-filter')) {
    return 'is a filter: its failurePolicy is fail-open or fail-closed'
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    return `has timeoutMs ${timeoutMs}: it must be above 0`
  }
  return null
}

function findOwnerFault<Q>(stages: readonly StageListing<Q>[]): Fault {
  for (const { stage, components } of stages) {
    if (!PARALLEL.has(stage)) continue
    const ownerByKey = new Map<PropertyKey, string>()
    for (const { name, writes } of components) {
      for (const key of writes ?? []) {
        const owner = ownerByKey.get(key)
        if (owner === name) return `${name} writes ${String(key)} twice`
        if (owner !== undefined) {
          return `${owner} and ${name} both write ${String(key)} in stage ${stage}`
        }
        ownerByKey.set(key, name)
      }
    }
  }
  return null
}

/** What earlier stages wrote, or earlier components where they run one after the other. */
function findReadFault<Q>(
  stages: readonly StageListing<Q>[],
  identity: { query: ReadonlySet<PropertyKey>; candidate: ReadonlySet<PropertyKey> },
): Fault {
  const written = { query: new Set(identity.query), candidate: new Set(identity.candidate) }
  for (const { stage, components } of stages) {
    const keys = OF_THE_QUERY.has(stage) ? written.query : written.candidate
    const readable = PARALLEL.has(stage) ? new Set(keys) : keys
    for (const { name, reads, writes } of components) {
      for (const key of reads ?? []) {
        if (!readable.has(key)) {
          return (
            `${name} reads ${String(key)}, which nobody before stage ${stage} writes ` +
            `(an identity field: list it under identity)`
          )
        }
      }
      for (const key of writes ?? []) keys.add(key)
    }
  }
  return null
}
