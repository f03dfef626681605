// Not a test but what tests are made with: it chooses titles and skips at run time.
/* oxlint-disable vitest/valid-title, vitest/no-conditional-tests, vitest/no-disabled-tests,
   vitest/expect-expect, vitest/valid-describe-callback */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createDatabase, type Database } from '../src/store/database.ts'
import { migrate } from '../src/store/migrate.ts'

const REMEDY = 'apt-get install -y --no-install-recommends postgresql'
const VERSIONS = '/usr/lib/postgresql'

/** Directory of initdb and postgres; null when PostgreSQL is not installed. */
export function postgresBinaries(): string | null {
  if (!existsSync(VERSIONS)) return null
  const versions = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a))
  return (
    versions
      .map((version) => join(VERSIONS, version, 'bin'))
      .find((directory) => existsSync(join(directory, 'postgres'))) ?? null
  )
}

export interface PrivatePostgres {
  readonly url: string
  /** The postmaster; its children are the sessions. */
  readonly pid: number
  /** Every process of the cluster, for freezing. */
  processIds(): readonly number[]
  stop(): Promise<void>
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

function idOf(user: string, flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, user], { encoding: 'utf8' }))
}

/** PostgreSQL refuses to run as root, so root hands it to the user that the package made. */
function unprivileged(command: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return command
  const identity = ['--reuid=postgres', '--regid=postgres', '--clear-groups']
  return ['setpriv', ...identity, '--pdeathsig', 'KILL', '--', ...command]
}

async function untilReady(binaries: string, port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`postgres ended with code ${child.exitCode}`)
    try {
      execFileSync(join(binaries, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)])
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** A cluster of its own on a free loopback port, without fsync, removed by `stop`. */
export async function startPostgres(binaries: string): Promise<PrivatePostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'homefeed-postgres-'))
  chmodSync(directory, 0o755)
  if (process.getuid?.() === 0) chownSync(directory, idOf('postgres', '-u'), idOf('postgres', '-g'))
  const data = join(directory, 'data')
  const run = (program: string, options: readonly string[]): readonly string[] =>
    unprivileged([join(binaries, program), ...options])
  const [initdb = '', ...initdbOptions] = run('initdb', [
    '-D',
    data,
    '-U',
    'app',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  ])
  execFileSync(initdb, initdbOptions, { stdio: 'pipe', cwd: '/' })
  const port = await freePort()
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'max_connections=50',
  ].flatMap((setting) => ['-c', setting])
  const [postgres = '', ...options] = run('postgres', ['-D', data, ...settings])
  const child = spawn(postgres, options, { stdio: 'ignore', cwd: '/' })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const pid = child.pid
  if (pid === undefined) throw new Error('postgres could not be started')
  await untilReady(binaries, port, child)
  return {
    url: `postgres://app@127.0.0.1:${port}/postgres`,
    pid,
    processIds: () => {
      const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)])
      return [pid, ...String(children).trim().split(/\s+/).filter(Boolean).map(Number)]
    },
    async stop() {
      child.kill('SIGINT')
      await exited
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export interface TestDatabase {
  readonly database: Database
  close(): Promise<void>
}

/** A migrated, empty database of the engine, in a directory or cluster of its own. */
export async function openTestDatabase(engine: 'pglite' | 'postgres'): Promise<TestDatabase> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'homefeed-store-'))
  const binaries = engine === 'postgres' ? postgresBinaries() : null
  const postgres = binaries === null ? null : await startPostgres(binaries)
  const database = await createDatabase({
    databaseUrl: postgres?.url ?? null,
    dataDirectory,
    queryTimeoutMs: 30_000,
  })
  await migrate(database)
  return {
    database,
    async close() {
      await database.close()
      await postgres?.stop()
      rmSync(dataDirectory, { recursive: true, force: true })
    },
  }
}

/**
 * Runs the same tests on both engines. Without PostgreSQL's programs its half is skipped by name;
 * under HOMEFEED_CI=1 that fails instead.
 */
export function describeEngines(
  name: string,
  tests: (engine: 'pglite' | 'postgres') => void,
): void {
  describe(`${name} on PGlite`, () => tests('pglite'))
  describeWithPostgres(`${name} on PostgreSQL`, () => tests('postgres'))
}

/** Tests that need a real PostgreSQL, with the same rule. */
export function describeWithPostgres(name: string, tests: (binaries: string) => void): void {
  const binaries = postgresBinaries()
  if (binaries !== null) {
    describe(name, () => tests(binaries))
    return
  }
  if (process.env['HOMEFEED_CI'] === '1') {
    describe(name, () => {
      it('has PostgreSQL in CI', () => {
        expect.fail(`PostgreSQL is not installed: ${REMEDY}`)
      })
    })
    return
  }
  describe.skip(`${name} (PostgreSQL is not installed: ${REMEDY})`, () => {
    it('needs PostgreSQL', () => {})
  })
}
