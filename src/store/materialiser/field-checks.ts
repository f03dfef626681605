/** What the tables take of an event's fields; everything else is refused with its name. */

/** An event that the tables cannot take, with a reason of few words. */
export class UnusableEventError extends Error {
  override readonly name = 'UnusableEventError'
  readonly reason: string

  constructor(reason: string) {
    super(`an event cannot be written: ${reason}`)
    this.reason = reason
  }
}

const TIME_MS_MAX = 8_640_000_000_000_000n
const INTEGER_MAX = 2_147_483_647n
export function impossible(field: string): never {
  throw new UnusableEventError(`impossible_field ${field}`)
}

export function toId(value: bigint, field: string): string {
  return value < 1n ? impossible(field) : String(value)
}

export function toOptionalId(value: bigint, field: string): string | null {
  return value === 0n ? null : toId(value, field)
}

export function toMs(value: bigint, field: string): number {
  return value < 1n || value > TIME_MS_MAX ? impossible(field) : Number(value)
}

export function toInteger(value: bigint | number, field: string): number {
  return value < 0 || BigInt(value) > INTEGER_MAX ? impossible(field) : Number(value)
}

/** PostgreSQL's texts hold no NUL. */
export function toText(value: string, field: string): string {
  return value.includes('\0') ? impossible(field) : value
}
