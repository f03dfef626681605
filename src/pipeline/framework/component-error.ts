import { inspect } from 'node:util'
import type { Stage } from './component.ts'

/**
 * `failed`: it threw, rejected, or answered something that is not its contract. `timed_out`: its
 * time or the request's was up. `length_mismatch`: not one patch a candidate.
 */
export type ComponentErrorCode = 'failed' | 'timed_out' | 'length_mismatch'

/** Where and how a component failed. */
export interface ComponentFailure {
  readonly stage: Stage
  readonly component: string
  readonly code: ComponentErrorCode
  /** What happened, in words: "timed out after 200 ms". */
  readonly what: string
  readonly cause?: unknown
}

/** A component that failed. For logs and metrics: its message may name internals. */
export class ComponentError extends Error {
  override readonly name = 'ComponentError'
  readonly stage: Stage
  readonly component: string
  readonly code: ComponentErrorCode

  constructor(failure: ComponentFailure) {
    super(`${failure.component} (${failure.stage}) ${failure.what}`, { cause: failure.cause })
    this.stage = failure.stage
    this.component = failure.component
    this.code = failure.code
  }
}

/** What was thrown, in words; never throws itself. */
export function toMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : inspect(thrown, { depth: 1 })
}

/** What kind of value a breach of contract answered: `undefined`, `null`, `array`, `Promise`. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value !== 'object') return typeof value
  return value.constructor?.name ?? 'object'
}

/**
 * The error for an answer that breaks the contract: `rule` and what came instead. A promise in
 * place of a plain value is a common slip: its rejection must not go unhandled beside this error.
 */
export function toBreach(rule: string, answer: unknown): TypeError {
  if (answer instanceof Promise) answer.catch(() => undefined)
  return new TypeError(`${rule}, got ${kindOf(answer)}`)
}
