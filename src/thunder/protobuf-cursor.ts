/** Wire types of protobuf, as they stand in the lower three bits of a tag. */
export const VARINT = 0
export const FIXED64 = 1
export const LENGTH = 2
const FIXED32 = 5

const EMPTY = new Uint8Array(0)

/**
 * Walks the fields of a protobuf message without making an object of anything. A 64-bit value comes
 * as two int32 halves, `low` and `high`. Bytes that are no protobuf end the walk with `isBroken`.
 */
export class ProtobufCursor {
  isBroken = false
  /** Of the value that was read last. */
  low = 0
  high = 0
  #bytes: Uint8Array = EMPTY
  #at = 0
  #end = 0

  begin(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#at = 0
    this.#end = bytes.length
    this.isBroken = false
  }

  /** Whether the message at hand has bytes left. */
  get hasMore(): boolean {
    return this.#at < this.#end
  }

  /** Field number << 3 | wire type of the next field; 0 = no more of this message. */
  nextTag(): number {
    if (this.#at >= this.#end) return 0
    this.readVarint()
    if (this.high !== 0 || this.low >>> 3 === 0) this.#break()
    return this.isBroken ? 0 : this.low
  }

  readVarint(): void {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70 && this.#at < this.#end; shift += 7) {
      const byte = this.#bytes[this.#at] ?? 0
      this.#at += 1
      const bits = byte & 127
      if (shift < 28) low |= bits << shift
      else if (shift > 28) high |= bits << (shift - 32)
      else {
        low |= bits << 28
        high |= bits >>> 4
      }
      if (byte > 127) continue
      this.low = low
      this.high = high
      return
    }
    this.#break()
  }

  readFixed64(): void {
    if (this.#at + 8 > this.#end) return this.#break()
    this.low = this.#int32At(this.#at)
    this.high = this.#int32At(this.#at + 4)
    this.#at += 8
  }

  /** Reads a length and stays within it; give what it returns to `leave`. */
  enter(): number {
    const outerEnd = this.#end
    this.readVarint()
    const size = this.low
    if (this.high !== 0 || size < 0 || size > outerEnd - this.#at) this.#break()
    else this.#end = this.#at + size
    return outerEnd
  }

  /** Goes on behind the message that `enter` began. */
  leave(outerEnd: number): void {
    if (this.isBroken) return
    this.#at = this.#end
    this.#end = outerEnd
  }

  /** Passes over the value of a field that nobody wants. */
  skip(tag: number): void {
    const wireType = tag & 7
    if (wireType === VARINT) this.readVarint()
    else if (wireType === FIXED64) this.#pass(8)
    else if (wireType === FIXED32) this.#pass(4)
    else if (wireType === LENGTH) this.leave(this.enter())
    else this.#break()
  }

  #int32At(at: number): number {
    const bytes = this.#bytes
    return (
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24)
    )
  }

  #pass(size: number): void {
    if (this.#at + size > this.#end) this.#break()
    else this.#at += size
  }

  #break(): void {
    this.isBroken = true
    this.#at = this.#end
  }
}
