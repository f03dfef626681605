/** One thing that serving needs. */
export interface HealthCheck {
  /** `database`, `thunder`, `retrieval-index`, `phoenix-retrieval`, `phoenix-ranking`. */
  readonly name: string
  /** `first-start`: gates the first readiness only; `always`: gates every one. */
  readonly gates: 'first-start' | 'always'
  /** Rejects when it is not well; resolves to something to show, or nothing. */
  check(): Promise<Readonly<Record<string, unknown>> | void>
}

export interface CheckReport {
  readonly name: string
  readonly ok: boolean
  readonly gates: HealthCheck['gates']
  readonly details?: Readonly<Record<string, unknown>>
}

export interface ReadinessReport {
  readonly isReady: boolean
  readonly checks: readonly CheckReport[]
}

const CHECK_MS_MAX = 500

/**
 * Readiness: the first needs every check; from then on only those that gate always (the database)
 * make it not ready, others show in the report.
 */
export class Readiness {
  readonly #checks: readonly HealthCheck[]
  readonly #onFailure: (name: string, error: unknown) => void
  #wasReady = false

  constructor(
    checks: readonly HealthCheck[],
    onFailure: (name: string, error: unknown) => void = () => {},
  ) {
    this.#checks = checks
    this.#onFailure = onFailure
  }

  async report(): Promise<ReadinessReport> {
    const checks = await Promise.all(this.#checks.map((check) => this.#run(check)))
    const isReady = checks.every(
      ({ ok, gates }) => ok || (this.#wasReady && gates === 'first-start'),
    )
    if (isReady) this.#wasReady = true
    return { isReady, checks }
  }

  async #run({ name, gates, check }: HealthCheck): Promise<CheckReport> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no answer within ${CHECK_MS_MAX} ms`)),
        CHECK_MS_MAX,
      )
    })
    try {
      const details = await Promise.race([check(), late])
      return { name, ok: true, gates, ...(details ? { details } : {}) }
    } catch (error) {
      this.#onFailure(name, error)
      return { name, ok: false, gates }
    } finally {
      clearTimeout(timer)
    }
  }
}
