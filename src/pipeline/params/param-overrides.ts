import { nearestName } from './nearest-name.ts'
import { isParamName, PARAM_DEFAULTS, type ParamName, type ParamValue } from './param-names.ts'
import { rangeOf, whyFixed } from './param-ranges.params.ts'
import type { SwitchRules } from './switch-rules.ts'

/** One override as somebody wrote it. */
export interface OverrideText {
  /** A parameter (`outOfNetwork.factor`), or a row of the pipeline (`components.AgeFilter`). */
  readonly name: string
  readonly value: string
}

/** Overrides that hold. */
export interface ParamOverrides {
  readonly values: ReadonlyMap<ParamName, ParamValue>
  /** Rows by name: true = on. */
  readonly switches: ReadonlyMap<string, boolean>
}

/** What is wrong with one of them. */
export interface OverrideFault {
  /** Its place in the list. */
  readonly index: number
  readonly part: 'name' | 'value'
  /** Fault and remedy in a sentence or two. */
  readonly message: string
}

export interface ParsedOverrides {
  readonly overrides: ParamOverrides
  readonly faults: readonly OverrideFault[]
}

export const NO_OVERRIDES: ParamOverrides = { values: new Map(), switches: new Map() }

const SWITCH_PREFIX = 'components.'
const TEXT_LENGTH_MAX = 100

/** Reads overrides by the types and ranges of the defaults; tells of every fault at once. */
export function parseOverrides(
  texts: readonly OverrideText[],
  rules: SwitchRules,
): ParsedOverrides {
  const values = new Map<ParamName, ParamValue>()
  const switches = new Map<string, boolean>()
  const faults: OverrideFault[] = []
  const names = new Set<string>()
  for (const [index, { name, value }] of texts.entries()) {
    const read = (): void => {
      if (names.has(name)) throw new Fault('name', `\`${name}\` is given twice: leave one out.`)
      names.add(name)
      if (name.startsWith(SWITCH_PREFIX)) {
        const row = name.slice(SWITCH_PREFIX.length)
        switches.set(row, parseSwitch(row, value, rules))
      } else {
        const known = toParamName(name, rules)
        values.set(known, parseValue(known, value))
      }
    }
    try {
      read()
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown
      faults.push({ index, part: thrown.part, message: thrown.message })
    }
  }
  return { overrides: { values, switches }, faults }
}

/** One spelling for equal overrides: names sorted. */
export function spellOverrides({ values, switches }: ParamOverrides): string {
  const lines = [...values].map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  for (const [row, isOn] of switches) lines.push(`${SWITCH_PREFIX}${row}=${isOn ? 'on' : 'off'}`)
  return lines.toSorted().join('\n')
}

class Fault extends Error {
  readonly part: 'name' | 'value'

  constructor(part: 'name' | 'value', message: string) {
    super(message)
    this.part = part
  }
}

function toParamName(name: string, rules: SwitchRules): ParamName {
  if (!isParamName(name)) {
    throw unknownName(name, [
      ...PARAM_DEFAULTS.keys(),
      ...[...rules.keys()].map((row) => `${SWITCH_PREFIX}${row}`),
    ])
  }
  const reason = whyFixed(name)
  if (reason === null) return name
  throw new Fault('name', `\`${name}\` is the same for everybody: ${reason}.`)
}

function unknownName(name: string, known: readonly string[]): Fault {
  const nearest = nearestName(name.slice(0, TEXT_LENGTH_MAX), known)
  const hint = nearest === null ? '' : `Did you mean \`${nearest}\`? `
  return new Fault(
    'name',
    `\`${name.slice(0, TEXT_LENGTH_MAX)}\` is no parameter. ${hint}\`npm run describe\` lists all.`,
  )
}

function parseSwitch(row: string, text: string, rules: SwitchRules): boolean {
  const reason = rules.get(row)
  if (reason === undefined) {
    throw unknownName(
      `${SWITCH_PREFIX}${row}`,
      [...rules.keys()].map((known) => `${SWITCH_PREFIX}${known}`),
    )
  }
  if (text !== 'on' && text !== 'off') {
    throw new Fault('value', `\`${SWITCH_PREFIX}${row}\` is "${cut(text)}": give on or off.`)
  }
  if (text === 'off' && reason !== null) {
    throw new Fault('name', `\`${SWITCH_PREFIX}${row}\` cannot be switched off: ${reason}.`)
  }
  return text === 'on'
}

function parseValue(name: ParamName, text: string): ParamValue {
  const byDefault = PARAM_DEFAULTS.get(name)
  if (typeof byDefault === 'number') return parseNumber(name, text, byDefault)
  if (typeof byDefault === 'boolean') {
    if (text === 'true' || text === 'on') return true
    if (text === 'false' || text === 'off') return false
    throw new Fault('value', `\`${name}\` is "${cut(text)}": give true or false.`)
  }
  if (text.length <= TEXT_LENGTH_MAX) return text
  const give = `give at most ${TEXT_LENGTH_MAX} characters`
  throw new Fault('value', `\`${name}\` has ${text.length} characters: ${give}.`)
}

function parseNumber(name: ParamName, text: string, byDefault: number): number {
  const { min, max, whole } = rangeOf(name, byDefault)
  const value = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : NaN
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value
  const kind = whole ? 'a whole number' : 'a number'
  throw new Fault(
    'value',
    `\`${name}\` is "${cut(text)}": give ${kind} from ${min} to ${max} (default ${byDefault}).`,
  )
}

function cut(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX)}…`
}
