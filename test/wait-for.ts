import { setTimeout as pause } from 'node:timers/promises'

export interface WaitOptions {
  /** Named in the error: "the service to be back". */
  readonly what: string
  readonly timeoutMs?: number
  readonly everyMs?: number
}

/**
 * Asks `probe` until it answers something other than null, undefined or false.
 * @throws when that takes longer than `timeoutMs`, 30 s by default, or when `probe` throws.
 */
export async function waitFor<T>(
  probe: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  { what, timeoutMs = 30_000, everyMs = 50 }: WaitOptions,
): Promise<T> {
  const endsAt = performance.now() + timeoutMs
  for (;;) {
    const answer = await probe()
    if (answer !== null && answer !== undefined && answer !== false) return answer
    if (performance.now() > endsAt) throw new Error(`waited ${timeoutMs} ms for ${what}`)
    await pause(everyMs)
  }
}
