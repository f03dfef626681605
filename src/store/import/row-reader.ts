import { toPostId, toUserId } from '../../ids.ts'

/** A column that cannot be used; the message names it, what it holds and the fix. */
export class BadColumnError extends Error {
  override readonly name = 'BadColumnError'
}

const TEXT_LENGTH_MAX = 100_000
const INTEGER_MAX = 2_147_483_647
const TIME_MS_MAX = 8_640_000_000_000_000
const ISO_TIME = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/
const HAS_ZONE = /(Z|[+-]\d{2}:?\d{2})$/

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/**
 * One row of an import file, by column: JSON values, or CSV's texts. An absent column, null and
 * CSV's empty text are the same.
 */
export class RowReader {
  readonly #values: Readonly<Record<string, unknown>>

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values
  }

  has(column: string): boolean {
    const value = this.#values[column]
    return value !== undefined && value !== null && value !== ''
  }

  #required(column: string): unknown {
    if (!this.has(column)) throw new BadColumnError(`${column} is missing: it is required`)
    return this.#values[column]
  }

  id(column: string): string {
    const value = this.#required(column)
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw new BadColumnError(
        `${column} is a number beyond 2^53, so its last digits are lost: write it as a string`,
      )
    }
    const id = String(value)
    if (toPostId(id) === null || toUserId(id) === null) {
      throw new BadColumnError(`${column} is ${shown(value)}: give a whole number, 1 to 2^63 - 1`)
    }
    return id
  }

  optionalId(column: string): string | null {
    return this.has(column) ? this.id(column) : null
  }

  text(column: string, lengthMax: number = TEXT_LENGTH_MAX): string {
    const value = this.#required(column)
    if (typeof value !== 'string') {
      throw new BadColumnError(`${column} is ${shown(value)}: give a text`)
    }
    if (value.length > lengthMax) {
      throw new BadColumnError(
        `${column} has ${value.length} characters: give at most ${lengthMax}`,
      )
    }
    if (value.includes('\0')) {
      throw new BadColumnError(`${column} holds a NUL character, which no text may: remove it`)
    }
    return value
  }

  optionalText(column: string, lengthMax?: number): string | null {
    return this.has(column) ? this.text(column, lengthMax) : null
  }

  /** Milliseconds since 1970, from that or ISO 8601 (UTC when it names no zone). */
  timeMs(column: string): number {
    const value = this.#required(column)
    const isCount = typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value))
    if (isCount) {
      const timeMs = Number(value)
      if (Number.isInteger(timeMs) && timeMs >= 0 && timeMs <= TIME_MS_MAX) return timeMs
    } else if (typeof value === 'string' && ISO_TIME.test(value)) {
      const timeMs = Date.parse(
        HAS_ZONE.test(value) || value.length === 10 ? value : `${value.replace(' ', 'T')}Z`,
      )
      if (timeMs >= 0) return timeMs
    }
    throw new BadColumnError(
      `${column} is ${shown(value)}: give ISO 8601 (2026-11-24T09:30:00Z) or milliseconds ` +
        'since 1970',
    )
  }

  optionalTimeMs(column: string): number | null {
    return this.has(column) ? this.timeMs(column) : null
  }

  /** False when absent. */
  flag(column: string): boolean {
    if (!this.has(column)) return false
    const value = this.#values[column]
    if (value === true || value === 'true' || value === 1 || value === '1') return true
    if (value === false || value === 'false' || value === 0 || value === '0') return false
    throw new BadColumnError(`${column} is ${shown(value)}: give true or false`)
  }

  optionalInteger(column: string, maximum: number = INTEGER_MAX): number | null {
    if (!this.has(column)) return null
    const value = this.#values[column]
    const number = typeof value === 'string' ? Number(value) : value
    if (typeof number === 'number' && Number.isInteger(number)) {
      if (number >= 0 && number <= maximum) return number
    }
    throw new BadColumnError(`${column} is ${shown(value)}: give a whole number, 0 to ${maximum}`)
  }

  optionalNumber(column: string): number | null {
    if (!this.has(column)) return null
    const value = this.#values[column]
    const number = typeof value === 'string' ? Number(value) : value
    if (typeof number === 'number' && Number.isFinite(number)) return number
    throw new BadColumnError(`${column} is ${shown(value)}: give a number`)
  }

  oneOf<T extends string>(column: string, choices: readonly T[]): T {
    const value = this.#required(column)
    const choice = choices.find((candidate) => candidate === value)
    if (choice !== undefined) return choice
    throw new BadColumnError(`${column} is ${shown(value)}: give one of ${choices.join(', ')}`)
  }

  /** A JSON list of texts, or texts separated by `|`; empty when absent. */
  texts(column: string): readonly string[] {
    if (!this.has(column)) return []
    const value = this.#values[column]
    const list =
      typeof value === 'string' && !value.trimStart().startsWith('[')
        ? value.split('|').map((text) => text.trim())
        : this.#json(column)
    if (Array.isArray(list) && list.every((item) => typeof item === 'string' && item !== '')) {
      return [...new Set(list as string[])]
    }
    throw new BadColumnError(
      `${column} is ${shown(value)}: give a list of texts, as JSON or separated by |`,
    )
  }

  /** A JSON list of objects, each as a reader of its own; empty when absent. */
  rows(column: string): readonly RowReader[] {
    if (!this.has(column)) return []
    const list = this.#json(column)
    if (Array.isArray(list) && list.every((item) => typeof item === 'object' && item !== null)) {
      return list.map((item) => new RowReader(item as Record<string, unknown>))
    }
    throw new BadColumnError(`${column} is ${shown(list)}: give a JSON list of objects`)
  }

  /** A JSON object of numbers; null when absent. */
  numbers(column: string): Readonly<Record<string, number>> | null {
    if (!this.has(column)) return null
    const map = this.#json(column)
    if (typeof map === 'object' && map !== null && !Array.isArray(map)) {
      const entries = Object.entries(map).map(([name, value]) => [name, Number(value)] as const)
      if (entries.every(([, value]) => Number.isFinite(value))) return Object.fromEntries(entries)
    }
    throw new BadColumnError(`${column} is ${shown(map)}: give a JSON object of numbers`)
  }

  #json(column: string): unknown {
    const value = this.#values[column]
    if (typeof value !== 'string') return value
    try {
      return JSON.parse(value)
    } catch {
      throw new BadColumnError(`${column} is ${shown(value)}: that is not JSON`)
    }
  }
}
