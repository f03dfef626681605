import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'

const END_MS = 5_000
const TOLERANCE = 1e-4

/** Freezes plain objects and arrays, deeply, but for these keys of the outermost. */
export function deepFreeze<T>(value: T, opaque: readonly PropertyKey[] = []): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = Array.isArray(value) || prototype === Object.prototype || prototype === null
  if (!isPlain) return value
  Object.freeze(value)
  for (const [key, inner] of Object.entries(value)) if (!opaque.includes(key)) deepFreeze(inner)
  return value
}

/** The value without these keys. */
export function without<T extends object>(
  value: T,
  opaque: readonly (keyof T)[] = [],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => !opaque.some((each) => each === key)),
  )
}

/** Equal but for the last digits of numbers: models may batch another way. */
export function expectClose(actual: unknown, expected: unknown): void {
  expect(round(actual)).toEqual(round(expected))
  for (const [a, b] of zipNumbers(actual, expected)) {
    expect(Math.abs(a - b)).toBeLessThanOrEqual(TOLERANCE * Math.max(1, Math.abs(b)))
  }
}

/** Whether a key of these objects became something, and something else than it was. */
export function isChanged<T extends object>(
  before: readonly T[],
  after: readonly T[],
  key: keyof T,
): boolean {
  return after.some((value, index) => {
    const now = value[key]
    return now != null && !isDeepStrictEqual(now, before[index]?.[key])
  })
}

/** Resolves when the promise ends, either way; rejects when it does not within 5 s. */
export async function endsSoon(promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`still running ${END_MS} ms later`)), END_MS)
  })
  const ended = promise.then(
    () => undefined,
    () => undefined,
  )
  try {
    await Promise.race([ended, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Finite numbers become 0, so that shapes, texts and NaNs can be compared. */
function round(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? 0 : value
  if (ArrayBuffer.isView(value)) return numbersOf(value).map(round)
  if (Array.isArray(value)) return value.map(round)
  if (typeof value !== 'object' || value === null || value instanceof Set) return value
  if (value instanceof Map || value instanceof Error) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, round(inner)]))
}

function zipNumbers(a: unknown, b: unknown): readonly (readonly [number, number])[] {
  const [left, right] = [numbersOf(a), numbersOf(b)]
  return left.flatMap((value, index) => {
    const other = right[index]
    return Number.isFinite(value) && other !== undefined ? [[value, other] as const] : []
  })
}

/** Every number within, in order. */
function numbersOf(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  if (value instanceof Float32Array || value instanceof Float64Array) return [...value]
  if (Array.isArray(value)) return value.flatMap(numbersOf)
  if (typeof value !== 'object' || value === null || value instanceof Error) return []
  return Object.values(value).flatMap(numbersOf)
}
