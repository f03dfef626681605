import { RETRIES_PER_CALL, RETRIES_SAVED_MAX } from './phoenix.params.ts'

/**
 * Bounds retries to a share of the calls, so that they cannot double the load on a service that
 * is already failing.
 */
export class RetryBudget {
  #retries = RETRIES_SAVED_MAX

  /** Every call earns a part of a retry. */
  deposit(): void {
    this.#retries = Math.min(RETRIES_SAVED_MAX, this.#retries + RETRIES_PER_CALL)
  }

  /** Takes one retry; false when too few calls have been made since the last ones. */
  tryWithdraw(): boolean {
    if (this.#retries < 1) return false
    this.#retries -= 1
    return true
  }
}
