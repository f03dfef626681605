/**
 * Snappy as Kafka's Java client frames it, with literals alone: a batch that a broker accepts, for
 * a reader that has no Snappy.
 */
export function compressAsSnappyLiteral(bytes: Buffer): Buffer {
  const length: number[] = []
  let rest = bytes.length
  for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80)
  length.push(rest)
  // Tag 61: a literal whose length less one is in the next two bytes.
  const size = bytes.length - 1
  const block = Buffer.concat([Buffer.from([...length, 61 << 2, size & 0xff, size >>> 8]), bytes])
  const head = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
  const blockLength = Buffer.alloc(4)
  blockLength.writeInt32BE(block.length)
  return Buffer.concat([head, blockLength, block])
}
