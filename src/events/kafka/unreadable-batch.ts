/**
 * kafkajs stops a consumer for good at a batch that it cannot decompress. What stands here is
 * handed to it instead of the decompressed bytes: a record for each that the batch says it has,
 * marked with the reason. The first carries the compressed bytes, the others are empty.
 */

const reasons = new WeakMap<ArrayBufferLike, string>()

/** Why the batch of this record could not be read; undefined for a record that was. */
export function faultOf(value: Buffer | null): string | undefined {
  return value === null ? undefined : reasons.get(value.buffer)
}

/** Numbers from -2^31 as Kafka's variable-length integers. */
function varInt(value: number): number[] {
  const bytes: number[] = []
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  return [...bytes, rest]
}

/** Any length that takes one byte: kafkajs moves on by it from record to record. */
const LENGTH = 1
const SLOT = LENGTH + 1

function createRecord(index: number, value: Buffer, reason: string): Buffer {
  // Attributes, time delta, offset delta, key length of null, value, no headers.
  const head = [0, 0, ...varInt(index), ...varInt(-1), ...varInt(value.length)]
  // Memory of its own, by which the record is recognised.
  const record = Buffer.allocUnsafeSlow(head.length + value.length + 1)
  record.set(head, 0)
  record.set(value, head.length)
  record[record.length - 1] = 0
  reasons.set(record.buffer, reason)
  return record
}

/**
 * Bytes of as many records as the reader asks for: how many the batch has is not told to a codec.
 * Only what kafkajs 2.2.4 does with decompressed bytes works: an index, and `slice`.
 */
export function createUnreadableBatch(reason: string, compressed: Buffer): Buffer {
  const [length = 0] = varInt(LENGTH)
  const slice = (start: number): Buffer => {
    const index = (start - 1) / SLOT
    return createRecord(index, index === 0 ? compressed : Buffer.alloc(0), reason)
  }
  return new Proxy(Buffer.alloc(0), {
    get: (_target, property) => (property === 'slice' ? slice : length),
  })
}
