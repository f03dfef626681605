import type { Reader } from '../../store/batch-reader.ts'

/** Value or error of each key, in one batch; a key may occur more than once. */
export async function loadEach<K, V>(
  loader: Reader<K, V>,
  keys: readonly K[],
): Promise<ReadonlyMap<K, V | Error>> {
  const values = await loader.loadMany(keys)
  const byKey = new Map<K, V | Error>()
  for (let index = 0; index < keys.length; index++) {
    byKey.set(keys[index] as K, values[index] ?? new Error('the loader skipped a key'))
  }
  return byKey
}

/** Same, for loaders that answer null for what does not exist. */
export async function loadEachOrNull<K, V>(
  loader: Reader<K, V | null>,
  keys: readonly K[],
): Promise<ReadonlyMap<K, V | null | Error>> {
  const values = await loader.loadMany(keys)
  const byKey = new Map<K, V | null | Error>()
  for (let index = 0; index < keys.length; index++) {
    byKey.set(keys[index] as K, values[index] ?? null)
  }
  return byKey
}
