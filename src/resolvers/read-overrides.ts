import type { RequestContext } from '../context.ts'
import { FeedError } from '../errors.ts'
import { NO_OVERRIDES, parseOverrides } from '../pipeline/params/param-overrides.ts'
import type { OverrideText, ParamOverrides } from '../pipeline/params/param-overrides.ts'

const FIELD = 'context.parameters'
const OVERRIDES_MAX = 100

/**
 * The overrides of an administrator's request.
 *
 * @throws {FeedError} FORBIDDEN for anybody else's, BAD_USER_INPUT that names the first at fault
 * and tells of all.
 */
export function readOverrides(
  texts: readonly OverrideText[],
  { viewer, services }: Pick<RequestContext, 'viewer' | 'services'>,
): ParamOverrides {
  if (texts.length === 0) return NO_OVERRIDES
  if (viewer?.roles.has('ADMIN') !== true) {
    const message = `\`${FIELD}\` needs the role ADMIN: leave it out, or ask as one who has it.`
    throw new FeedError('FORBIDDEN', message, { field: FIELD })
  }
  if (texts.length > OVERRIDES_MAX) {
    const message = `\`${FIELD}\` has ${texts.length} entries: give at most ${OVERRIDES_MAX}.`
    throw new FeedError('BAD_USER_INPUT', message, { field: FIELD })
  }
  const { overrides, faults } = parseOverrides(texts, services.switchRules)
  const [first] = faults
  if (first === undefined) return overrides
  throw new FeedError('BAD_USER_INPUT', faults.map(({ message }) => message).join('\n'), {
    field: `${FIELD}[${first.index}].${first.part}`,
  })
}
