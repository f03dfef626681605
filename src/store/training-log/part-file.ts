import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { mkdir, open, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { metadataOf, type LogColumn, type LogKind } from './log-columns.ts'

/** Files of a write that has not ended: no reader looks at a name with a dot before it. */
export const UNFINISHED = '.unfinished-'

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a file whole or not at all: under another name, synced, then renamed. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const directory = dirname(path)
  await mkdir(directory, { recursive: true })
  const unfinished = join(directory, `${UNFINISHED}${basename(path)}`)
  const handle = await open(unfinished, 'w')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(unfinished, path)
  await syncDirectory(directory)
}

export interface PartFileOptions<Row> {
  readonly kind: LogKind
  readonly columns: readonly LogColumn<Row>[]
  /** False: outcomes may still come. */
  readonly isFinal: boolean
}

/** One Parquet file in the making, a row group at a time. */
export class PartFile<Row> {
  readonly #columns: readonly LogColumn<Row>[]
  readonly #bytes = new ByteWriter()
  readonly #parquet: ParquetWriter
  #rows = 0

  constructor({ kind, columns, isFinal }: PartFileOptions<Row>) {
    this.#columns = columns
    const elements = columns.map(({ element }) => element)
    this.#parquet = new ParquetWriter({
      writer: this.#bytes,
      schema: [{ name: 'root', num_children: elements.length }, ...elements],
      kvMetadata: [...metadataOf(kind, isFinal)],
      createdBy: 'homefeed',
    })
  }

  get rowCount(): number {
    return this.#rows
  }

  /** Adds a row group. */
  async add(rows: readonly Row[]): Promise<void> {
    const columnData = this.#columns.map(({ element, value }) => ({
      name: element.name,
      data: rows.map(value),
    }))
    await this.#parquet.write({ columnData, rowGroupSize: rows.length })
    this.#rows += rows.length
  }

  async save(path: string): Promise<void> {
    await this.#parquet.finish()
    await writeDurably(path, this.#bytes.getBytes())
  }
}
