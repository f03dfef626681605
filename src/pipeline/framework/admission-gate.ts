export interface AdmissionGateOptions {
  /** Requests inside at once, at least 1. */
  readonly atOnceMax: number
  /** Requests that may wait; one more is refused at once. */
  readonly waitingMax: number
  /** ms that one waits at most. */
  readonly waitMsMax: number
}

/** The request was not let in: what it asks for is asked for by too many at once. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError'
}

interface Waiting {
  letIn(): void
}

/**
 * Lets a few requests at once through costly work, the others in the order in which they came. All
 * at once they would only get in each other's way until every one of them is late.
 */
export class AdmissionGate {
  readonly #options: AdmissionGateOptions
  readonly #waiting = new Set<Waiting>()
  #inside = 0

  constructor(options: AdmissionGateOptions) {
    this.#options = options
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Resolves inside, with what leaves again; call that exactly once.
   *
   * @throws {OverloadedError} when too many wait or the wait was too long; the signal's reason when
   * it aborts.
   */
  enter(signal: AbortSignal): Promise<() => void> {
    const { atOnceMax, waitingMax } = this.#options
    if (signal.aborted) return Promise.reject(signal.reason as Error)
    if (this.#inside < atOnceMax) {
      this.#inside += 1
      return Promise.resolve(this.#createLeave())
    }
    if (this.#waiting.size >= waitingMax) {
      return Promise.reject(new OverloadedError(`${waitingMax} requests wait already`))
    }
    return this.#wait(signal)
  }

  #wait(signal: AbortSignal): Promise<() => void> {
    const { waitMsMax } = this.#options
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        this.#waiting.delete(waiting)
      }
      const waiting: Waiting = {
        letIn: () => {
          stop()
          resolve(this.#createLeave())
        },
      }
      const abort = (): void => {
        stop()
        reject(signal.reason as Error)
      }
      const timer = setTimeout(() => {
        stop()
        reject(new OverloadedError(`no room within ${waitMsMax} ms`))
      }, waitMsMax)
      signal.addEventListener('abort', abort, { once: true })
      this.#waiting.add(waiting)
    })
  }

  /** The place goes to the one who has waited longest. */
  #createLeave(): () => void {
    return () => {
      const [next] = this.#waiting
      if (next === undefined) this.#inside -= 1
      else next.letIn()
    }
  }
}
