import { HOME_FEED_PARAMS, type HomeFeedParams } from '../home-feed.params.ts'

type Section = keyof HomeFeedParams

/** `section.key`: `outOfNetwork.factor`, `actionWeights.report`, `timeout.ranking`. */
export type ParamName = {
  [S in Section]: `${S}.${keyof HomeFeedParams[S] & string}`
}[Section]

export type ParamValue = number | boolean | string

/** Every parameter by name, in the order of the sections. */
export function listParams(
  params: HomeFeedParams = HOME_FEED_PARAMS,
): ReadonlyMap<ParamName, ParamValue> {
  return new Map(
    Object.entries(params).flatMap(([section, values]) =>
      Object.entries(values).flatMap(([key, value]: [string, unknown]) =>
        isParamValue(value) ? [[`${section}.${key}` as ParamName, value] as const] : [],
      ),
    ),
  )
}

/** What the names stand for when nobody says otherwise. */
export const PARAM_DEFAULTS: ReadonlyMap<ParamName, ParamValue> = listParams()

export function isParamName(name: string): name is ParamName {
  return (PARAM_DEFAULTS as ReadonlyMap<string, ParamValue>).has(name)
}

/** The defaults with some values in place of theirs. */
export function withParams(values: ReadonlyMap<ParamName, ParamValue>): HomeFeedParams {
  const sections: Record<string, object> = { ...HOME_FEED_PARAMS }
  for (const [name, value] of values) {
    const [section = '', key = ''] = name.split('.')
    sections[section] = { ...sections[section], [key]: value }
  }
  return sections as unknown as HomeFeedParams
}

function isParamValue(value: unknown): value is ParamValue {
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string'
}
