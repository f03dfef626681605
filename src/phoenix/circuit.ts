import { CIRCUIT_FAILURES_MAX, CIRCUIT_OPEN_MS } from './phoenix.params.ts'

/** `call`: go on. `probe`: go on, and find out cheaply first. `refused`: leave it alone. */
export type CircuitPass = 'call' | 'probe' | 'refused'

/**
 * Leaves a service alone after failures in a row: a dead or frozen one then costs its callers
 * nothing but one probe at a time, now and then. Every pass but `refused` ends in exactly one of
 * `succeed`, `fail` and `release`.
 */
export class Circuit {
  readonly #nowMs: () => number
  #failures = 0
  #openedAtMs: number | null = null
  #isProbing = false

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  get isOpen(): boolean {
    return this.#openedAtMs !== null
  }

  enter(): CircuitPass {
    if (this.#openedAtMs === null) return 'call'
    if (this.#isProbing || this.#nowMs() - this.#openedAtMs < CIRCUIT_OPEN_MS) return 'refused'
    this.#isProbing = true
    return 'probe'
  }

  /** The service answered, be it with an error of ours. */
  succeed(): void {
    this.#failures = 0
    this.#openedAtMs = null
    this.#isProbing = false
  }

  /** The service was not reached, or did not answer. */
  fail(): void {
    this.#failures += 1
    this.#isProbing = false
    if (this.#failures >= CIRCUIT_FAILURES_MAX) this.#openedAtMs = this.#nowMs()
  }

  /** The call ended before it could tell. */
  release(): void {
    this.#isProbing = false
  }
}
