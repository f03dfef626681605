/** `npm run import -- DIR [--dry-run] [--fail-fast]`: see src/store/import. */
import { SingleBar } from 'cli-progress'
import { parseArgs } from 'node:util'
import { ConfigError, readProcessConfig } from '../src/config.ts'
import { createDatabase } from '../src/store/database.ts'
import { DirectoryInUseError } from '../src/store/directory-lock.ts'
import { ImportDirectoryError } from '../src/store/import/find-import-files.ts'
import { formatReport } from '../src/store/import/format-report.ts'
import { importDirectory, type ImportProgress } from '../src/store/import/import-directory.ts'

const USAGE = `Usage: npm run import -- DIR [--dry-run] [--fail-fast]
  DIR          a folder with users.jsonl, posts.csv.gz and so on
  --dry-run    check the files, write nothing to the database
  --fail-fast  stop at the first line that cannot be used
Exit codes: 0 all in, 1 the import could not run, 2 wrong arguments, 3 lines were rejected.`

interface Arguments {
  readonly directory: string
  readonly isDryRun: boolean
  readonly failFast: boolean
}

function readArguments(): Arguments | null {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { 'dry-run': { type: 'boolean' }, 'fail-fast': { type: 'boolean' } },
    })
    const [directory] = positionals
    if (directory === undefined || positionals.length > 1) return null
    return {
      directory,
      isDryRun: values['dry-run'] ?? false,
      failFast: values['fail-fast'] ?? false,
    }
  } catch {
    return null
  }
}

/** A bar on a terminal, elsewhere a line for each tenth. */
function createProgress(): { update(progress: ImportProgress): void; stop(): void } {
  if (process.stderr.isTTY) {
    const bar = new SingleBar({
      format: 'importing {bar} {percentage}% {kind}',
      stream: process.stderr,
      hideCursor: true,
    })
    bar.start(1, 0, { kind: '' })
    return {
      update({ kind, bytes, bytesTotal }) {
        bar.setTotal(bytesTotal)
        bar.update(bytes, { kind })
      },
      stop: () => bar.stop(),
    }
  }
  let lastTenth = 0
  return {
    update({ kind, bytes, bytesTotal }) {
      const tenth = Math.floor((10 * bytes) / Math.max(1, bytesTotal))
      if (tenth > lastTenth) console.error(`importing ${tenth * 10}% (${kind})`)
      lastTenth = Math.max(tenth, lastTenth)
    },
    stop() {},
  }
}

async function run(options: Arguments): Promise<number> {
  const { databaseUrl, dataDirectory } = readProcessConfig()
  const database = options.isDryRun ? null : await createDatabase({ databaseUrl, dataDirectory })
  const progress = createProgress()
  try {
    const report = await importDirectory({
      database,
      directory: options.directory,
      nowMs: Date.now(),
      failFast: options.failFast,
      onProgress: progress.update,
    })
    progress.stop()
    for (const line of formatReport(report)) console.log(line)
    return report.hasRejects ? 3 : 0
  } finally {
    progress.stop()
    await database?.close()
  }
}

const options = readArguments()
if (options === null) {
  console.error(USAGE)
  process.exitCode = 2
} else {
  try {
    process.exitCode = await run(options)
  } catch (error) {
    const isExpected =
      error instanceof ImportDirectoryError ||
      error instanceof DirectoryInUseError ||
      error instanceof ConfigError
    console.error(isExpected ? error.message : error)
    process.exitCode = 1
  }
}
