import type { KafkaMessage } from 'kafkajs'
import type { ConsumedRecord } from '../event-log.ts'
import { faultOf } from './unreadable-batch.ts'

const EMPTY = new Uint8Array(0)

/** A message as our readers see it. Most never ask for offset and key: those are made on demand. */
export class KafkaRecord implements ConsumedRecord {
  readonly partition: number
  readonly value: Uint8Array
  readonly #message: KafkaMessage

  constructor(partition: number, message: KafkaMessage) {
    this.partition = partition
    this.value = message.value ?? EMPTY
    this.#message = message
  }

  get offset(): bigint {
    return BigInt(this.#message.offset)
  }

  get key(): string {
    return this.#message.key?.toString() ?? ''
  }

  get fault(): string | undefined {
    return faultOf(this.#message.value)
  }
}
