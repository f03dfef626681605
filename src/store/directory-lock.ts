import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/** Who holds a lock: a process number alone may have been given to another process since. */
interface Holder {
  readonly pid: number
  /** As the system tells it; null when it does not. */
  readonly startedAt: string | null
}

/** The directory is open in another live process, or twice in this one. */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError'
}

function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The 22nd field; the 2nd is a name in parentheses that may hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    // Not Linux, or no such process: ps knows both cases.
  }
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
    return text.trim() || null
  } catch {
    return null
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it lives, under another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const startedAt = startTime(holder.pid)
  return holder.startedAt === null || startedAt === null || startedAt === holder.startedAt
}

function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return null
    const { pid, startedAt } = value as Partial<Holder>
    if (!Number.isSafeInteger(pid) || pid === undefined || pid < 1) return null
    return { pid, startedAt: typeof startedAt === 'string' ? startedAt : null }
  } catch {
    return null
  }
}

function readIfPresent(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function isCreated(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/**
 * Takes the lock file `path` for this process; a file left by a dead process is taken over.
 * Returns the function that gives it back.
 *
 * @throws DirectoryInUseError naming the live holder and the remedy.
 */
export function lockDirectory(path: string): () => void {
  const own = JSON.stringify({ pid: process.pid, startedAt: startTime(process.pid) })
  for (let attempt = 0; attempt < 10; attempt += 1) {
    if (isCreated(path, own)) {
      return () => {
        if (readIfPresent(path) === own) rmSync(path)
      }
    }
    const text = readIfPresent(path)
    if (text === null) continue
    const holder = parseHolder(text)
    if (holder !== null && isAlive(holder)) {
      throw new DirectoryInUseError(
        `${path} is held by process ${holder.pid}, which uses this embedded database: ` +
          'end that process, choose another HOMEFEED_DATA_DIR, or set DATABASE_URL.',
      )
    }
    discardStale(path, text)
  }
  throw new DirectoryInUseError(`${path} keeps changing hands: another process is starting too.`)
}

/** Removes the file only if it is still the one that was judged: moving is atomic, deleting not. */
function discardStale(path: string, text: string): void {
  const aside = `${path}.stale-${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const moved = readFileSync(aside, 'utf8')
  if (moved !== text) isCreated(path, moved)
  rmSync(aside)
}
