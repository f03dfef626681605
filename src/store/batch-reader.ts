/** Reads by key, in batches; what DataLoader offers too. */
export interface Reader<K, V> {
  /** @throws what the batch of the key failed with. */
  load(key: K): Promise<V>
  /** One entry a key, same order; an `Error` where its batch failed. Never rejects. */
  loadMany(keys: ArrayLike<K>): Promise<(V | Error)[]>
}

/** One value a key, same order; null for what is absent, never undefined. */
export type ReadBatch<K, V> = (keys: readonly K[]) => Promise<readonly V[]>

export interface BatchReaderOptions {
  /** Keys of one call at most; more become several calls at once. Default unlimited. */
  readonly batchMax?: number
}

/** Keys that are asked for together. A class, so that a value is never taken for one. */
class Batch<K> {
  readonly keys: K[] = []
  /** Resolves when its keys are known, or `error` is set. */
  done: Promise<void> = Promise.resolve()
  error: Error | null = null
}

/**
 * Joins what is asked for at once into one call and keeps the answers, as DataLoader does and with
 * the same timing, but with one promise a batch where that makes three a key: a ranking reads
 * thousands of keys at once. A batch that failed is forgotten, so that its keys may be asked again.
 */
export class BatchReader<K, V> implements Reader<K, V> {
  readonly #read: ReadBatch<K, V>
  readonly #batchMax: number
  /** The value of a key, or the batch that will bring it. */
  readonly #entries = new Map<K, V | Batch<K>>()
  #next: Batch<K> | null = null

  constructor(read: ReadBatch<K, V>, { batchMax = Infinity }: BatchReaderOptions = {}) {
    this.#read = read
    this.#batchMax = batchMax
  }

  async load(key: K): Promise<V> {
    const [answer] = await this.loadMany([key])
    if (answer instanceof Error) throw answer
    return answer as V
  }

  async loadMany(keys: ArrayLike<K>): Promise<(V | Error)[]> {
    const batches = new Set<Batch<K>>()
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as K
      const entry = this.#entries.get(key)
      if (entry instanceof Batch) batches.add(entry)
      else if (entry === undefined) batches.add(this.#join(key))
    }
    for (const batch of batches) await batch.done
    return this.#answer(keys, batches)
  }

  #answer(keys: ArrayLike<K>, batches: ReadonlySet<Batch<K>>): (V | Error)[] {
    let failure: Error | null = null
    for (const { error } of batches) failure ??= error
    const answers: (V | Error)[] = []
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as K
      const entry = this.#entries.get(key)
      if (entry !== undefined && !(entry instanceof Batch)) answers.push(entry)
      // A batch: the key failed and is asked for again by somebody else.
      else answers.push(failure ?? new Error('a key was left out of its batch'))
    }
    return answers
  }

  #join(key: K): Batch<K> {
    this.#next ??= this.#open()
    this.#next.keys.push(key)
    this.#entries.set(key, this.#next)
    return this.#next
  }

  #open(): Batch<K> {
    const batch = new Batch<K>()
    // The tick after all promise jobs: whoever asks in one of them still joins.
    const closed = Promise.resolve().then(() => new Promise<void>((go) => process.nextTick(go)))
    batch.done = closed.then(() => this.#fill(batch))
    return batch
  }

  async #fill(batch: Batch<K>): Promise<void> {
    this.#next = null
    try {
      await Promise.all(chunksOf(batch.keys, this.#batchMax).map((keys) => this.#keep(keys)))
    } catch (thrown) {
      batch.error = thrown instanceof Error ? thrown : new Error(String(thrown))
      for (const key of batch.keys) {
        if (this.#entries.get(key) === batch) this.#entries.delete(key)
      }
    }
  }

  async #keep(keys: readonly K[]): Promise<void> {
    const values = await this.#read(keys)
    if (values.length !== keys.length) {
      throw new Error(`${values.length} values for ${keys.length} keys`)
    }
    for (let index = 0; index < keys.length; index++) {
      this.#entries.set(keys[index] as K, values[index] as V)
    }
  }
}

function chunksOf<K>(keys: readonly K[], size: number): readonly (readonly K[])[] {
  if (keys.length <= size) return [keys]
  const chunks: (readonly K[])[] = []
  for (let at = 0; at < keys.length; at += size) chunks.push(keys.slice(at, at + size))
  return chunks
}
