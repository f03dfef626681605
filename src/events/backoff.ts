/** Pauses between tries: each twice the one before, from the first to the longest. */
export interface BackoffLimits {
  readonly firstMs: number
  readonly longestMs: number
}

/** The pause before try number `failures + 1`, in ms; `failures` counts from 1. */
export function backoffMs(failures: number, limits: BackoffLimits): number {
  return Math.min(limits.longestMs, limits.firstMs * 2 ** Math.min(failures - 1, 30))
}
