import { parseOverrides, spellOverrides } from '../pipeline/params/param-overrides.ts'
import type { ParamOverrides } from '../pipeline/params/param-overrides.ts'
import type { SwitchRules } from '../pipeline/params/switch-rules.ts'
import type { Arm, Experiment } from './experiment.ts'

/** All that is wrong with an experiments file, each with its path in it and the remedy. */
export class ExperimentsError extends Error {
  override readonly name = 'ExperimentsError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

const NAME = /^[a-z0-9][a-z0-9-]{0,49}$/
const NAME_RULE = 'give lower-case letters, digits and hyphens, at most 50'
const EXPERIMENTS_MAX = 50

/**
 * Reads the text of an experiments file: `{"experiments": [{name, salt, traffic, arms: [{name,
 * parts, parameters}]}]}`; see docs/experiments.md.
 *
 * @throws {ExperimentsError}
 */
export function readExperiments(text: string, rules: SwitchRules): readonly Experiment[] {
  const reader = new ExperimentReader(rules)
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw new ExperimentsError([`is not JSON: ${(error as Error).message}`])
  }
  const list = reader.fields(content, '', ['experiments'])['experiments']
  const experiments = reader
    .list(list, 'experiments', { min: 0, max: EXPERIMENTS_MAX })
    .map((each, index) => reader.experiment(each, `experiments[${index}]`))
  reader.unique(experiments, ({ name }) => name, 'name')
  reader.unique(experiments, ({ salt }) => salt, 'salt')
  reader.disjoint(experiments)
  if (reader.faults.length > 0) throw new ExperimentsError(reader.faults)
  return experiments
}

type Fields = Readonly<Record<string, unknown>>

class ExperimentReader {
  readonly faults: string[] = []
  readonly #rules: SwitchRules

  constructor(rules: SwitchRules) {
    this.#rules = rules
  }

  experiment(value: unknown, path: string): Experiment {
    const fields = this.fields(value, path, ['name', 'salt', 'traffic', 'arms'])
    const { traffic } = fields
    if (typeof traffic !== 'number' || !(traffic >= 0 && traffic <= 1)) {
      this.#fault(`${path}.traffic`, traffic, 'give the share of viewers, from 0 to 1')
    }
    const arms = this.list(fields['arms'], `${path}.arms`, { min: 1, max: 20 }).map((arm, index) =>
      this.#arm(arm, `${path}.arms[${index}]`),
    )
    const named = new Set(arms.map(({ name }) => name))
    if (named.size < arms.length) this.faults.push(`${path}.arms: two have one name: rename one.`)
    return {
      name: this.#name(fields['name'], `${path}.name`),
      salt: this.#name(fields['salt'], `${path}.salt`),
      traffic: Number(traffic),
      arms,
    }
  }

  #arm(value: unknown, path: string): Arm {
    const fields = this.fields(value, path, ['name', 'parts', 'parameters'])
    const { parts = 1, parameters = {} } = fields
    if (!Number.isSafeInteger(parts) || Number(parts) < 1 || Number(parts) > 10_000) {
      this.#fault(`${path}.parts`, parts, 'give a whole number from 1 to 10000')
    }
    return {
      name: this.#name(fields['name'], `${path}.name`),
      parts: Number(parts),
      overrides: this.#overrides(parameters, `${path}.parameters`),
    }
  }

  #overrides(value: unknown, path: string): ParamOverrides {
    const texts = Object.entries(this.fields(value, path, null)).map(([name, given]) => ({
      name,
      value: String(given),
    }))
    const { overrides, faults } = parseOverrides(texts, this.#rules)
    for (const { index, message } of faults) {
      this.faults.push(`${path}[${JSON.stringify(texts[index]?.name)}]: ${message}`)
    }
    return overrides
  }

  /** `known`: null = any. */
  fields(value: unknown, path: string, known: readonly string[] | null): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#fault(path === '' ? 'the file' : path, value, 'give an object {...}')
      return {}
    }
    const unknown = Object.keys(value).find((key) => known !== null && !known.includes(key))
    if (unknown !== undefined) {
      const at = path === '' ? unknown : `${path}.${unknown}`
      this.faults.push(`${at}: there is no such field, only ${known?.join(', ')}.`)
    }
    return value as Fields
  }

  list(value: unknown, path: string, bounds: { min: number; max: number }): readonly unknown[] {
    const { min, max } = bounds
    if (Array.isArray(value) && value.length >= min && value.length <= max) return value
    this.#fault(path, value, `give a list of ${min} to ${max}`)
    return []
  }

  unique(
    experiments: readonly Experiment[],
    keyOf: (experiment: Experiment) => string,
    field: string,
  ): void {
    const known = new Map<string, number>()
    for (const [index, experiment] of experiments.entries()) {
      const key = keyOf(experiment)
      const other = known.get(key)
      if (other === undefined) known.set(key, index)
      else {
        this.faults.push(
          `experiments[${index}].${field}: "${key}" is that of experiments[${other}] too, ` +
            'change one.',
        )
      }
    }
  }

  /** Two experiments on one parameter would each measure the other. */
  disjoint(experiments: readonly Experiment[]): void {
    const owners = new Map<string, number>()
    for (const [index, { arms }] of experiments.entries()) {
      for (const name of new Set(arms.flatMap(({ overrides }) => namesOf(overrides)))) {
        const owner = owners.get(name)
        if (owner === undefined) owners.set(name, index)
        else {
          this.faults.push(
            `experiments[${index}] and experiments[${owner}] both change \`${name}\`: ` +
              'leave it to one of them, or make one experiment of both.',
          )
        }
      }
    }
  }

  #name(value: unknown, path: string): string {
    if (typeof value === 'string' && NAME.test(value)) return value
    this.#fault(path, value, NAME_RULE)
    return path
  }

  #fault(path: string, value: unknown, remedy: string): void {
    const given = value === undefined ? 'is missing' : `is ${JSON.stringify(value).slice(0, 100)}`
    this.faults.push(`${path} ${given}: ${remedy}.`)
  }
}

function namesOf(overrides: ParamOverrides): readonly string[] {
  const lines = spellOverrides(overrides)
  return lines === '' ? [] : lines.split('\n').map((line) => line.slice(0, line.indexOf('=')))
}
