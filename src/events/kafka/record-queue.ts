import type { EncodedRecord } from '../event-log.ts'

/** What became of the records of one `publish`. */
export interface Receipt {
  /** Records that are neither stored nor refused yet. */
  pending: number
  /** The first refusal; null = none. */
  error: Error | null
  readonly settle: () => void
}

export interface QueuedRecord {
  readonly record: EncodedRecord
  readonly receipt: Receipt
}

/** First in, first out, with a bound that senders wait at. */
export class RecordQueue {
  readonly #lengthMax: number
  #records: QueuedRecord[] = []
  #waiting: (() => void)[] = []

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax
  }

  get length(): number {
    return this.#records.length
  }

  get isFull(): boolean {
    return this.#records.length >= this.#lengthMax
  }

  push(record: QueuedRecord): void {
    this.#records.push(record)
  }

  /** The oldest, at most `count`. */
  take(count: number): readonly QueuedRecord[] {
    const taken = this.#records.slice(0, count)
    this.#records = this.#records.slice(count)
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
    return taken
  }

  /** Resolves when there is room for one record at least. */
  async room(): Promise<void> {
    while (this.isFull) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }
}
