import type DataLoader from 'dataloader'

/** Value or error of each distinct key, in one batch. */
export async function loadEach<K, V>(
  loader: DataLoader<K, V>,
  keys: Iterable<K>,
): Promise<ReadonlyMap<K, V | Error>> {
  const values = new Map<K, V | Error>()
  const distinct = [...new Set(keys)]
  const loaded = await loader.loadMany(distinct)
  distinct.forEach((key, index) => {
    values.set(key, loaded[index] ?? new Error('the loader skipped a key'))
  })
  return values
}

/** Same, for loaders that answer null for what does not exist. */
export async function loadEachOrNull<K, V>(
  loader: DataLoader<K, V | null>,
  keys: Iterable<K>,
): Promise<ReadonlyMap<K, V | null | Error>> {
  const values = new Map<K, V | null | Error>()
  const distinct = [...new Set(keys)]
  const loaded = await loader.loadMany(distinct)
  distinct.forEach((key, index) => {
    values.set(key, loaded[index] ?? null)
  })
  return values
}
