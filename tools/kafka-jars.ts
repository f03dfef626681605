import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

const LOCK = join(import.meta.dirname, 'kafka', 'jars.lock')
const REPOSITORY = 'https://repo1.maven.org/maven2'
const PARALLEL_DOWNLOADS = 6

interface LockedJar {
  readonly sha256: string
  /** In a Maven repository. */
  readonly path: string
}

async function readLock(): Promise<readonly LockedJar[]> {
  const lines = (await readFile(LOCK, 'utf8')).trim().split('\n')
  return lines.map((line) => {
    const [sha256 = '', path = ''] = line.split(/\s+/)
    return { sha256, path }
  })
}

async function download({ sha256, path }: LockedJar, target: string): Promise<void> {
  const base = (process.env['MAVEN_REPO_URL'] ?? REPOSITORY).replace(/\/$/, '')
  const response = await fetch(`${base}/${path}`).catch((cause: unknown) => {
    throw new Error(`${base} cannot be reached: check the network, or set MAVEN_REPO_URL.`, {
      cause,
    })
  })
  if (!response.ok) throw new Error(`${base}/${path} answers ${response.status}.`)
  const bytes = Buffer.from(await response.arrayBuffer())
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw new Error(`${base}/${path} does not match its locked hash. Do not go on; try again.`)
  }
  // Another process may be at the same: a name of our own, then a rename.
  const unfinished = `${target}.${process.pid}.unfinished`
  await writeFile(unfinished, bytes)
  await rename(unfinished, target)
}

/**
 * The jars of a Kafka broker, as `kafka/jars.lock` names them, in a folder below `cacheDirectory`.
 * What is there already is not fetched again. Answers the folder.
 *
 * @throws a one-sentence error when a jar cannot be fetched or is not the locked one.
 */
export async function ensureKafkaJars(
  cacheDirectory: string,
  say: (line: string) => void,
): Promise<string> {
  const jars = await readLock()
  const lockHash = createHash('sha256')
    .update(await readFile(LOCK))
    .digest('hex')
  const directory = join(cacheDirectory, `jars-${lockHash.slice(0, 12)}`)
  await mkdir(directory, { recursive: true })
  const missing = jars.filter(({ path }) => !existsSync(join(directory, basename(path))))
  if (missing.length === 0) return directory
  say(`Kafka: ${missing.length} jars from Maven Central, about 45 MB`)
  let done = 0
  const queue = [...missing]
  const work = async () => {
    for (let jar = queue.pop(); jar !== undefined; jar = queue.pop()) {
      await download(jar, join(directory, basename(jar.path)))
      done += 1
      if (done % 10 === 0 || done === missing.length) say(`  jars: ${done} of ${missing.length}`)
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_DOWNLOADS }, work))
  return directory
}
