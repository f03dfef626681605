import { vi } from 'vitest'
import { NOW_MS } from '../home-feed-fixtures.ts'

/** Rounds of the event loop in which an answer that waits for nobody comes. */
const ROUNDS = 3

/** From here on time stands still but for `settle`, so that what hangs costs a test nothing. */
export function stopTime(): void {
  vi.useFakeTimers({ now: NOW_MS, toFake: ['setTimeout', 'clearTimeout', 'Date'] })
}

export const now = (): number => Date.now()

/** Waits for an answer, and lets time pass only when nothing else would bring it. */
export async function settle<T>(answer: Promise<T>): Promise<PromiseSettledResult<T>> {
  let settled: PromiseSettledResult<T> | null = null
  const watched = Promise.allSettled([answer]).then(([result]) => (settled = result))
  for (let round = 0; settled === null; round += 1) {
    await new Promise(setImmediate)
    if (settled === null && round >= ROUNDS) await vi.advanceTimersToNextTimerAsync()
  }
  return watched
}
