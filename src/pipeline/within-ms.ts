/** Longest delay that `setTimeout` takes. */
const TIMER_MS_MAX = 2 ** 31 - 1

/**
 * The promise's outcome when it comes within `limitMs`. The promise itself runs on; a rejection
 * after the limit is not reported as unhandled.
 *
 * @throws Error "no answer within N ms".
 */
export function withinMs<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no answer within ${Math.round(Math.max(0, limitMs))} ms`)),
      Math.min(Math.max(0, limitMs), TIMER_MS_MAX),
    )
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
