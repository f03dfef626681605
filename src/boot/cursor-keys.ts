import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The keys of HOMEFEED_CURSOR_KEYS, or one that is made once and kept in the data directory. */
export async function loadCursorKeys(
  configured: readonly string[] | null,
  dataDirectory: string,
): Promise<readonly string[]> {
  if (configured !== null) return configured
  const path = join(dataDirectory, 'cursor-key')
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (kept !== null) return [kept.trim()]
  const key = randomBytes(32).toString('hex')
  await mkdir(dataDirectory, { recursive: true })
  // A torn file would make every cursor invalid: write beside it, then rename.
  await writeFile(`${path}.new`, key, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return [key]
}
