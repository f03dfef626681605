import { compileCopier } from './compile-copier.ts'
import { kindOf } from './component-error.ts'
import type { Patches } from './component.ts'

/** What came of a list of patches. */
export interface PatchCount {
  readonly applied: number
  readonly failed: number
  /** Why the first candidate without a patch has none; null when all have one. */
  readonly firstError: Error | null
}

/**
 * Copies the declared keys of each patch into its candidate, in place, absent values included. An
 * `Error`, or what is no object, leaves its candidate as it was and is counted. `patches` has one
 * entry a candidate. O(candidates x keys), no allocation.
 */
export function applyPatches<T extends object>(
  candidates: readonly T[],
  patches: Patches<Readonly<Partial<T>>>,
  keys: readonly (keyof T)[],
): PatchCount {
  const copy = compileCopier(keys)
  let failed = 0
  let firstError: Error | null = null
  for (let index = 0; index < candidates.length; index++) {
    const candidate = candidates[index]
    const patch = patches[index]
    if (candidate === undefined) continue
    if (patch instanceof Error || typeof patch !== 'object' || patch === null) {
      failed++
      firstError ??= patch instanceof Error ? patch : toPatchError(index, patch)
      continue
    }
    copy(candidate, patch)
  }
  return { applied: candidates.length - failed, failed, firstError }
}

function toPatchError(index: number, patch: unknown): Error {
  return new Error(`patch ${index} must be an object or an Error, got ${kindOf(patch)}`)
}
