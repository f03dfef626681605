import type { Component, Stage, StageContext } from './component.ts'
import { isEnabled } from './is-enabled.ts'
import { ComponentError, toMessage } from './component-error.ts'
import type { ComponentErrorCode } from './component-error.ts'
import type { ComponentRun, RequestRun } from './request-run.ts'

/** Longest delay that `setTimeout` takes. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** What is wrong with an answer. */
export interface Fault {
  readonly code: ComponentErrorCode
  readonly what: string
}

/** One call of one component, the method and the check of its answer included. */
export interface ComponentCall<Q, T> {
  readonly stage: Stage
  readonly component: Component<Q>
  readonly query: Readonly<Q>
  /** 1 for a component of the query, 0 for a source. */
  readonly candidateCount: number
  invoke(context: StageContext): T | PromiseLike<T>
  /** Null when the answer keeps the contract. */
  findFault(answer: NoInfer<T>): Fault | null
}

/** How a call ended. `row` is its report, whose `out` the caller fills. */
export type Outcome<T> =
  | { readonly kind: 'answered'; readonly answer: T; readonly row: ComponentRun }
  | { readonly kind: 'failed'; readonly error: ComponentError }
  | { readonly kind: 'disabled' }

const DISABLED = { kind: 'disabled' } as const

/**
 * Runs one component from outside: `enable`, deadline, abort, error class, report and channel.
 * Never rejects and never waits past the smaller of the component's own limit and the request's
 * deadline, whatever the component does; an answer that comes later is ignored.
 */
export function runComponent<Q, T>(
  run: RequestRun,
  call: ComponentCall<Q, T>,
): Promise<Outcome<T>> {
  const { component, stage } = call
  const row = run.open(stage, component, call.candidateCount)
  const fail = (code: ComponentErrorCode, what: string, cause?: unknown): Outcome<T> => {
    const error = new ComponentError({ stage, component: component.name, code, what, cause })
    row.close(error)
    return { kind: 'failed', error }
  }
  try {
    if (!isEnabled(component, call.query)) {
      row.disable()
      return Promise.resolve(DISABLED)
    }
  } catch (thrown) {
    return Promise.resolve(fail('failed', `failed: ${toMessage(thrown)}`, thrown))
  }
  const { signal, deadlineMs, now } = run.scope
  if (signal.aborted) {
    return Promise.resolve(fail('failed', 'failed: the request was aborted', signal.reason))
  }
  const leftMs = deadlineMs - now()
  const onlyComputes = component.timeoutMs === undefined && component.dependency === undefined
  if (leftMs <= 0 && !onlyComputes) {
    return Promise.resolve(fail('timed_out', 'timed out: no time was left of the request'))
  }
  return awaitAnswer(run, call, {
    row,
    fail,
    limitMs: Math.max(0, Math.min(component.timeoutMs ?? Infinity, leftMs)),
  })
}

interface Attempt<T> {
  readonly row: ComponentRun
  readonly limitMs: number
  fail(code: ComponentErrorCode, what: string, cause?: unknown): Outcome<T>
}

/** Settles once: by the answer, the timer or the request's abort, whichever is first. */
function awaitAnswer<Q, T>(
  { scope }: RequestRun,
  call: ComponentCall<Q, T>,
  { row, limitMs, fail }: Attempt<T>,
): Promise<Outcome<T>> {
  return new Promise((resolve) => {
    const controller = new AbortController()
    let settled = false
    const settle = (toOutcome: () => Outcome<T>): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      scope.signal.removeEventListener('abort', abort)
      resolve(toOutcome())
    }
    const abort = (): void => {
      settle(() => fail('failed', 'failed: the request was aborted', scope.signal.reason))
      controller.abort(scope.signal.reason)
    }
    const timeOut = (): void => {
      let reason: unknown
      settle(() => {
        const outcome = fail('timed_out', `timed out after ${Math.round(limitMs)} ms`)
        if (outcome.kind === 'failed') reason = outcome.error
        return outcome
      })
      controller.abort(reason)
    }
    const timer = setTimeout(timeOut, Math.min(limitMs, TIMER_MS_MAX))
    scope.signal.addEventListener('abort', abort, { once: true })
    const context: StageContext = {
      requestId: scope.requestId,
      nowMs: scope.nowMs,
      signal: controller.signal,
      deadlineMs: scope.now() + limitMs,
      degrade(degradation, dependency) {
        if (!settled) row.noteSubstitute(degradation, dependency)
      },
      countCache(reads) {
        if (!settled) row.noteCache(reads)
      },
    }
    const reject = (thrown: unknown): void =>
      settle(() => fail('failed', `failed: ${toMessage(thrown)}`, thrown))
    const accept = (answer: T): void => {
      if (settled) return
      const fault = call.findFault(answer)
      settle(() => {
        if (fault !== null) return fail(fault.code, fault.what)
        row.close(null)
        return { kind: 'answered', answer, row }
      })
    }
    try {
      Promise.resolve(call.invoke(context)).then(accept).catch(reject)
    } catch (thrown) {
      reject(thrown)
    }
  })
}
