import { createHash } from 'node:crypto'
import { createReadStream, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'

const EXTENSIONS = ['jsonl', 'jsonl.gz', 'csv', 'csv.gz'] as const

export interface ImportFile {
  readonly path: string
  readonly format: 'jsonl' | 'csv'
  readonly gzipped: boolean
  readonly bytes: number
}

/** The import directory or its files are not as spec/import.md says; a sentence with the remedy. */
export class ImportDirectoryError extends Error {
  override readonly name = 'ImportDirectoryError'
}

/**
 * The file of one kind; null when there is none.
 *
 * @throws ImportDirectoryError when there are two.
 */
export function findImportFile(directory: string, kind: string): ImportFile | null {
  const found = EXTENSIONS.filter((extension) =>
    existsSync(join(directory, `${kind}.${extension}`)),
  )
  if (found.length > 1) {
    const names = found.map((extension) => `${kind}.${extension}`).join(' and ')
    throw new ImportDirectoryError(`${directory} holds ${names}: keep one of them.`)
  }
  const [extension] = found
  if (extension === undefined) return null
  const path = join(directory, `${kind}.${extension}`)
  return {
    path,
    format: extension.startsWith('csv') ? 'csv' : 'jsonl',
    gzipped: extension.endsWith('gz'),
    bytes: statSync(path).size,
  }
}

/** @throws ImportDirectoryError when `directory` is not one. */
export function checkImportDirectory(directory: string): void {
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new ImportDirectoryError(
      `${directory} is not a folder: give one with users.jsonl, posts.csv.gz and so on.`,
    )
  }
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}
