import type { SideEffect, SideEffectInput } from './component.ts'
import { publish, RequestRun } from './request-run.ts'
import type { RequestScope } from './request-run.ts'
import { runComponent } from './run-component.ts'

/** Limit of a side effect that states none, in ms. Nobody waits for it; drain() must end. */
export const SIDE_EFFECT_TIMEOUT_MS = 5_000

/** Since start. `running` is a level, the others only grow. */
export interface SideEffectCounts {
  readonly running: number
  readonly succeeded: number
  readonly failed: number
  readonly dropped: number
}

/** What a queue works for. */
export interface SideEffectQueueOptions<Q, C> {
  readonly sideEffects: readonly SideEffect<Q, C>[]
  /** Requests whose side effects may be under way at once; beyond it they are dropped. */
  readonly batchesMax: number
}

/** Runs side effects behind the answers, a bounded number at once, and can be waited for. */
export class SideEffectQueue<Q extends object, C extends object> {
  readonly #sideEffects: readonly SideEffect<Q, C>[]
  readonly #batchesMax: number
  readonly #batches = new Set<Promise<void>>()
  /** Never aborted: the request's end must not stop what runs behind it. */
  readonly #signal = new AbortController().signal
  #running = 0
  #succeeded = 0
  #failed = 0
  #dropped = 0

  constructor({ sideEffects, batchesMax }: SideEffectQueueOptions<Q, C>) {
    this.#sideEffects = sideEffects
    this.#batchesMax = batchesMax
  }

  /** Takes a finished request; returns at once. Its side effects start in the next turn. */
  start(scope: RequestScope, input: SideEffectInput<Q, C>): void {
    if (this.#sideEffects.length === 0) return
    if (this.#batches.size >= this.#batchesMax) {
      for (const sideEffect of this.#sideEffects) this.#drop(scope, sideEffect, input)
      return
    }
    const batch = new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => Promise.all(this.#sideEffects.map((effect) => this.#run(scope, effect, input))))
      .then(() => {
        this.#batches.delete(batch)
      })
    this.#batches.add(batch)
  }

  counts(): SideEffectCounts {
    return {
      running: this.#running,
      succeeded: this.#succeeded,
      failed: this.#failed,
      dropped: this.#dropped,
    }
  }

  /** Resolves when nothing is under way, at the latest when the last time limit is over. */
  async drain(): Promise<void> {
    while (this.#batches.size > 0) await Promise.all(this.#batches)
  }

  async #run(
    scope: RequestScope,
    component: SideEffect<Q, C>,
    input: SideEffectInput<Q, C>,
  ): Promise<void> {
    this.#running++
    const limitMs = component.timeoutMs ?? SIDE_EFFECT_TIMEOUT_MS
    const run = new RequestRun({
      ...scope,
      signal: this.#signal,
      deadlineMs: scope.now() + limitMs,
    })
    const outcome = await runComponent(run, {
      stage: 'side-effect',
      component,
      query: input.query,
      candidateCount: input.selected.length,
      invoke: (context) => component.run(input, context),
      findFault: () => null,
    })
    this.#running--
    if (outcome.kind === 'answered') this.#succeeded++
    else if (outcome.kind === 'failed') this.#failed++
  }

  #drop(
    { pipeline, requestId }: RequestScope,
    { name }: SideEffect<Q, C>,
    { selected }: SideEffectInput<Q, C>,
  ): void {
    this.#dropped++
    publish('side-effect', () => ({
      pipeline,
      component: name,
      stage: 'side-effect',
      requestId,
      candidateCount: selected.length,
      outcome: 'dropped',
      durationMs: 0,
      cache: null,
    }))
  }
}
