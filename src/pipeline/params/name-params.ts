import { describe, type ComponentDescription } from '../framework/describe.ts'
import { createHomeFeedTable } from '../home-feed.table.ts'
import { PARAM_DEFAULTS, withParams, type ParamName, type ParamValue } from './param-names.ts'
import { whyFixed } from './param-ranges.params.ts'

/** The table under the names that a request gives, and the names that no row shows. */
export interface NamedTable {
  readonly rows: readonly ComponentDescription[]
  /** What is read beside the rows' declared numbers. */
  readonly others: ReadonlyMap<ParamName, ParamValue>
}

/**
 * Finds which parameter stands behind each number of a row by changing one after the other and
 * looking at what changes in the table; so no row has to know a name. Time limits of a row are
 * listed among its numbers.
 */
export function nameParams(rows: readonly ComponentDescription[]): NamedTable {
  const plain = describe(createHomeFeedTable())
  const names = rows.map(() => new Map<string, ParamName>())
  const limits = rows.map(() => new Map<ParamName, ParamValue>())
  const others = new Map<ParamName, ParamValue>()
  for (const [name, value] of PARAM_DEFAULTS) {
    const changed = describe(createHomeFeedTable(withParams(new Map([[name, otherThan(value)]]))))
    let isShown = false
    for (const [index, before] of plain.entries()) {
      const after = changed[index]
      if (after === undefined) continue
      const keys = Object.keys(before.params).filter(
        (key) => JSON.stringify(before.params[key]) !== JSON.stringify(after.params[key]),
      )
      for (const key of keys) names[index]?.set(key, name)
      const isLimit = name.startsWith('timeout.') && before.budgetMs !== after.budgetMs
      if (isLimit) limits[index]?.set(name, value)
      isShown ||= keys.length > 0 || isLimit
    }
    if (!isShown && whyFixed(name) === null) others.set(name, value)
  }
  return {
    rows: rows.map((row, index) => ({
      ...row,
      params: {
        ...renamed(row.params, names[index] ?? new Map()),
        ...Object.fromEntries(limits[index] ?? []),
      },
    })),
    others,
  }
}

/** Numbers that nobody may change keep their own name. */
function renamed(
  params: Readonly<Record<string, unknown>>,
  names: ReadonlyMap<string, ParamName>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(params).map(([key, value]) => [names.get(key) ?? key, value]),
  )
}

/** Smaller where it can be: a limit above the request's budget would not show. */
function otherThan(value: ParamValue): ParamValue {
  if (typeof value === 'number') return value > 1 ? value - 1 : value + 1
  return typeof value === 'boolean' ? !value : `${value} `
}
