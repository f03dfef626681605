import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogKind } from './log-columns.ts'
import { hourOfName } from './log-hour.ts'

export const LOG_KINDS: readonly LogKind[] = ['impressions', 'actions']

/** One Parquet file of a log. */
export interface LogFile {
  readonly kind: LogKind
  readonly hourMs: number
  /** `part-3f2a91c0-0000.parquet`. */
  readonly name: string
  readonly path: string
}

/** What a folder holds; nothing where there is none. */
async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).toSorted()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Every finished file of a log, by kind, hour and name. */
export async function listLogFiles(directory: string): Promise<readonly LogFile[]> {
  const files: LogFile[] = []
  for (const kind of LOG_KINDS) {
    for (const hour of await namesIn(join(directory, kind))) {
      const hourMs = hourOfName(hour)
      if (hourMs === null) continue
      for (const name of await namesIn(join(directory, kind, hour))) {
        if (name.startsWith('.') || !name.endsWith('.parquet')) continue
        files.push({ kind, hourMs, name, path: join(directory, kind, hour, name) })
      }
    }
  }
  return files
}
