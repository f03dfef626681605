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
 * DataLoader's own memory is off, so that both methods answer from one: two `load`s of a key have
 * equal promises, not the same.
 */
export class BulkLoader<K, V> extends DataLoader<K, V> {
  readonly #reads: Reads<K, V>

  constructor(read: ReadKeys<K, V>, { readKeysMax }: BulkLoaderOptions) {
    const reads = new Reads(read, readKeysMax)
    // Within the tick: what `load` gathers joins the read that `loadMany` has begun to gather.
    super((keys) => reads.get(keys), {
      cache: false,
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
    return this
  }

  override clear(key: K): this {
    this.#reads.forget(key)
    return this
  }

  override clearAll(): this {
    this.#reads.forgetAll()
    return this
  }
}

/** What is known of a key. */
interface Entry<V> {
  /** Undefined as long as it is being read. */
  value: V | Error | undefined
  readonly read: Promise<void> | null
}

interface Batch<K, V> {
  readonly keys: K[]
  readonly entries: Entry<V>[]
  readonly done: Promise<void>
}

/** Of each key what was read, or the read that it waits for. A key costs one look-up an ask. */
class Reads<K, V> {
  readonly #read: ReadKeys<K, V>
  readonly #readKeysMax: number
  readonly #entries = new Map<K, Entry<V>>()
  /** What the end of the tick will read. */
  #next: Batch<K, V> | null = null

  constructor(read: ReadKeys<K, V>, readKeysMax: number) {
    this.#read = read
    this.#readKeysMax = readKeysMax
  }

  /** Value or error of each key, in order. Never rejects. */
  async get(keys: readonly K[]): Promise<(V | Error)[]> {
    const entries = keys.map((key) => this.#entries.get(key) ?? this.#enqueue(key))
    let last: Promise<void> | null = null
    for (const { value, read } of entries) {
      if (value !== undefined || read === last) continue
      await read
      last = read
    }
    return entries.map(({ value }) => value as V | Error)
  }

  /** Like DataLoader's: what is known already stays. */
  prime(key: K, value: V | PromiseLike<V> | Error): void {
    if (this.#entries.has(key)) return
    if (!isPromiseLike(value)) {
      this.#entries.set(key, { value, read: null })
      return
    }
    const settle = (settled: V | Error) => {
      entry.value = settled
    }
    const read = Promise.resolve(value).then(settle, (why: unknown) => settle(toError(why)))
    const entry: Entry<V> = { value: undefined, read }
    this.#entries.set(key, entry)
  }

  forget(key: K): void {
    this.#entries.delete(key)
  }

  forgetAll(): void {
    this.#entries.clear()
  }

  #enqueue(key: K): Entry<V> {
    let batch = this.#next
    if (batch === null || batch.keys.length >= this.#readKeysMax) {
      const keys: K[] = []
      const entries: Entry<V>[] = []
      batch = { keys, entries, done: atEndOfTick().then(() => this.#readInto(keys, entries)) }
      this.#next = batch
    }
    const entry: Entry<V> = { value: undefined, read: batch.done }
    batch.keys.push(key)
    batch.entries.push(entry)
    this.#entries.set(key, entry)
    return entry
  }

  async #readInto(keys: readonly K[], entries: readonly Entry<V>[]): Promise<void> {
    if (this.#next?.keys === keys) this.#next = null
    const values = await this.#readOrErrors(keys)
    entries.forEach((entry, index) => {
      entry.value = values[index]
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
