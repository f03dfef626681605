import type DataLoader from 'dataloader'

/** Value or error of each distinct key, in one batch; null where the loader knows of none. */
export async function loadEach<K, V>(
  loader: DataLoader<K, V>,
  keys: Iterable<K>,
): Promise<ReadonlyMap<K, V | Error>> {
  const values = new Map<K, V | Error>()
  const distinct = [...new Set(keys)]
  const loaded = await loader.loadMany(distinct)
  distinct.forEach((key, index) => {
    const value = loaded[index]
    values.set(key, value === undefined ? new Error('the loader skipped a key') : value)
  })
  return values
}
