import kafkajs from 'kafkajs'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { DECOMPRESSED_BYTES_MAX } from './kafka.params.ts'
import { createUnreadableBatch } from './unreadable-batch.ts'

/** How our producer writes; readers take all of these, whoever wrote them. */
export type Compression = 'none' | 'gzip' | 'zstd'

const { CompressionTypes, CompressionCodecs } = kafkajs

/** kafkajs's names of them. */
export const COMPRESSION_TYPES = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  zstd: CompressionTypes.ZSTD,
} as const

type Transform = (bytes: Buffer) => Promise<Buffer>

interface Codec {
  readonly compress: Transform
  readonly decompress: Transform
}

const LIMIT = { maxOutputLength: DECOMPRESSED_BYTES_MAX }

/** Null where this Node has none: zstd came with Node 22.15. */
const CODECS: Readonly<Record<'gzip' | 'zstd' | 'snappy' | 'lz4', Codec | null>> = {
  gzip: {
    compress: promisify(zlib.gzip),
    decompress: (bytes) => promisify(zlib.gunzip)(bytes, LIMIT),
  },
  zstd:
    typeof zlib.zstdDecompress === 'function'
      ? {
          compress: promisify<Buffer, Buffer>(zlib.zstdCompress),
          decompress: (bytes) => promisify(zlib.zstdDecompress)(bytes, LIMIT),
        }
      : null,
  snappy: null,
  lz4: null,
}

function toKafkajsCodec(name: keyof typeof CODECS) {
  const codec = CODECS[name]
  return () => ({
    async compress({ buffer }: { readonly buffer: Buffer }): Promise<Buffer> {
      if (codec === null) throw new Error(`This Node cannot write ${name}: use gzip, or none.`)
      return codec.compress(buffer)
    },
    async decompress(bytes: Buffer): Promise<Buffer> {
      if (codec === null) return createUnreadableBatch(`missing_codec ${name}`, bytes)
      try {
        return await codec.decompress(bytes)
      } catch {
        return createUnreadableBatch(`corrupt_batch ${name}`, bytes)
      }
    },
  })
}

/** Gives kafkajs codecs that never throw while reading. Once a process. */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.GZIP] = toKafkajsCodec('gzip')
  CompressionCodecs[CompressionTypes.ZSTD] = toKafkajsCodec('zstd')
  CompressionCodecs[CompressionTypes.Snappy] = toKafkajsCodec('snappy')
  CompressionCodecs[CompressionTypes.LZ4] = toKafkajsCodec('lz4')
}
