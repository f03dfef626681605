import DataLoader from 'dataloader'

/** Answers each key, in order; an `Error` for a key of which nothing can be said. */
export type ReadKeys<K, V> = (keys: readonly K[]) => Promise<readonly (V | Error)[]>

export interface BulkLoaderOptions {
  /** Keys of one read; more become a second one. */
  readonly readKeysMax: number
}

/**
 * A DataLoader whose `loadMany` is made for thousands of keys. DataLoader makes three promises a
 * key, which for a pool of candidates costs more than the read itself; here a key costs one entry
 * of a map. The contract is DataLoader's: keys asked for in one tick, by either method, are one
 * read; each key is read once, and a failure is remembered like a value; `loadMany` never rejects.
 */
export class BulkLoader<K, V> extends DataLoader<K, V> {
  readonly #reads: Reads<K, V>

  constructor(read: ReadKeys<K, V>, { readKeysMax }: BulkLoaderOptions) {
    const reads = new Reads(read, readKeysMax)
    // Within the tick: what `load` gathers joins the read that `loadMany` has begun to gather.
    super((keys) => reads.get(keys), {
      maxBatchSize: readKeysMax,
      batchScheduleFn: queueMicrotask,
    })
    this.#reads = reads
  }

  override loadMany(keys: ArrayLike<K>): Promise<(V | Error)[]> {
    return this.#reads.get(Array.from(keys))
  }

  override prime(key: K, value: V | PromiseLike<V> | Error): this {
    this.#reads.prime(key, value)
    return super.prime(key, value)
  }

  override clear(key: K): this {
    this.#reads.forget(key)
    return super.clear(key)
  }

  override clearAll(): this {
    this.#reads.forgetAll()
    return super.clearAll()
  }
}

interface Batch<K> {
  readonly keys: K[]
  readonly done: Promise<void>
}

/** Of each key what was read, or the read that it waits for. */
class Reads<K, V> {
  readonly #read: ReadKeys<K, V>
  readonly #readKeysMax: number
  readonly #entries = new Map<K, V | Error | Promise<void>>()
  /** What the end of the tick will read. */
  #next: Batch<K> | null = null

  constructor(read: ReadKeys<K, V>, readKeysMax: number) {
    this.#read = read
    this.#readKeysMax = readKeysMax
  }

  /** Value or error of each key, in order. Never rejects. */
  async get(keys: readonly K[]): Promise<(V | Error)[]> {
    const awaited = new Set<Promise<void>>()
    for (const key of keys) {
      const entry = this.#entries.get(key)
      if (entry === undefined) awaited.add(this.#enqueue(key))
      else if (entry instanceof Promise) awaited.add(entry)
    }
    for (const read of awaited) await read
    return keys.map((key) => this.#entries.get(key) as V | Error)
  }

  /** Like DataLoader's: what is known already stays. */
  prime(key: K, value: V | PromiseLike<V> | Error): void {
    if (this.#entries.has(key)) return
    const settle = (settled: V | Error) => void this.#entries.set(key, settled)
    if (!isPromiseLike(value)) settle(value)
    else
      this.#entries.set(
        key,
        Promise.resolve(value).then(settle, (why) => settle(toError(why))),
      )
  }

  forget(key: K): void {
    this.#entries.delete(key)
  }

  forgetAll(): void {
    this.#entries.clear()
  }

  #enqueue(key: K): Promise<void> {
    let batch = this.#next
    if (batch === null || batch.keys.length >= this.#readKeysMax) {
      const keys: K[] = []
      batch = { keys, done: atEndOfTick().then(() => this.#readInto(keys)) }
      this.#next = batch
    }
    batch.keys.push(key)
    this.#entries.set(key, batch.done)
    return batch.done
  }

  async #readInto(keys: readonly K[]): Promise<void> {
    if (this.#next?.keys === keys) this.#next = null
    const values = await this.#readOrErrors(keys)
    keys.forEach((key, index) => {
      this.#entries.set(key, values[index] as V | Error)
    })
  }

  async #readOrErrors(keys: readonly K[]): Promise<readonly (V | Error)[]> {
    try {
      const values = await this.#read(keys)
      if (values.length === keys.length) return values
      throw new Error(`the read answered ${values.length} values for ${keys.length} keys`)
    } catch (thrown) {
      const error = toError(thrown)
      return keys.map(() => error)
    }
  }
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { readonly then?: unknown } | null)?.then === 'function'
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** After the promises that are settled by now, as DataLoader waits: they may ask for more. */
function atEndOfTick(): Promise<void> {
  return Promise.resolve().then(() => new Promise((resolve) => process.nextTick(resolve)))
}
