import { execFile } from 'node:child_process'
import { cpus } from 'node:os'
import { promisify } from 'node:util'

/** One timed piece of work. What it answers must be the same in every variant. */
export interface Sample {
  /** Untimed: what the run needs afresh. */
  prepare(): void
  run(): Promise<void> | void
  /** Untimed: the last run's result in words. */
  answer(): string
}

/** What is compared, and how it is measured. Each variant runs in a process of its own. */
export interface Benchmark {
  readonly name: string
  /** Sizes and the like, printed with each row. */
  readonly facts: Readonly<Record<string, number | string>>
  /** The variant that the others are divided by. */
  readonly peer: string
  readonly warmUpRuns: number
  readonly sampleRuns: number
  readonly variants: Readonly<Record<string, () => Promise<Sample> | Sample>>
}

interface Measurement {
  readonly answer: string
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
}

/**
 * Measures every variant and prints a table, or JSON lines with `--json`. To be called by a file
 * that is the process's entry: it is started again for each variant (`--variant NAME`).
 */
export async function runBenchmark(benchmark: Benchmark): Promise<void> {
  const at = process.argv.indexOf('--variant')
  if (at >= 0) {
    const measurement = await measure(benchmark, process.argv[at + 1] ?? '')
    process.stdout.write(`${JSON.stringify(measurement)}\n`)
    return
  }
  const measurements = new Map<string, Measurement>()
  for (const variant of Object.keys(benchmark.variants)) {
    measurements.set(variant, await measureApart(variant))
  }
  print(benchmark, measurements)
}

async function measure(benchmark: Benchmark, variant: string): Promise<Measurement> {
  const create = benchmark.variants[variant]
  if (create === undefined) throw new Error(`${benchmark.name} has no variant ${variant}`)
  const sample = await create()
  const timesMs: number[] = []
  for (let run = -benchmark.warmUpRuns; run < benchmark.sampleRuns; run++) {
    sample.prepare()
    const startMs = performance.now()
    await sample.run()
    const endMs = performance.now()
    if (run >= 0) timesMs.push(endMs - startMs)
  }
  timesMs.sort((a, b) => a - b)
  return {
    answer: sample.answer(),
    p50Ms: percentile(timesMs, 0.5),
    p90Ms: percentile(timesMs, 0.9),
    p99Ms: percentile(timesMs, 0.99),
  }
}

function percentile(sortedMs: readonly number[], share: number): number {
  const value = sortedMs[Math.min(sortedMs.length - 1, Math.floor(sortedMs.length * share))]
  if (value === undefined) throw new Error('a benchmark needs at least one sample')
  return Math.round(value * 1_000) / 1_000
}

async function measureApart(variant: string): Promise<Measurement> {
  const script = process.argv[1]
  if (script === undefined) throw new Error('a benchmark must be the entry of its process')
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...process.execArgv,
    script,
    '--variant',
    variant,
  ])
  return JSON.parse(stdout)
}

function print(benchmark: Benchmark, measurements: ReadonlyMap<string, Measurement>): void {
  const peer = measurements.get(benchmark.peer)
  if (peer === undefined) throw new Error(`the peer ${benchmark.peer} is not among the variants`)
  const ratioKey = `ratioTo${toPascalCase(benchmark.peer)}`
  const rows = [...measurements].map(([variant, { answer, ...times }]) => {
    if (answer !== peer.answer) {
      throw new Error(`${variant} answers otherwise than ${benchmark.peer}: not comparable`)
    }
    const ratio = Math.round((times.p50Ms / peer.p50Ms) * 100) / 100
    return { benchmark: benchmark.name, variant, ...benchmark.facts, ...times, [ratioKey]: ratio }
  })
  if (process.argv.includes('--json')) {
    for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
    return
  }
  const { warmUpRuns, sampleRuns } = benchmark
  process.stdout.write(
    `${benchmark.name}: Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? '?'}; ` +
      `${warmUpRuns} runs to warm up, ${sampleRuns} samples, one process a variant\n`,
  )
  process.stdout.write(`${toTable(rows)}\n`)
}

function toTable(rows: readonly Readonly<Record<string, number | string>>[]): string {
  const columns = Object.keys(rows[0] ?? {}).filter((column) => column !== 'benchmark')
  const lines = [columns, ...rows.map((row) => columns.map((column) => String(row[column])))]
  const widths = columns.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  )
  return lines
    .map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n')
}

function toPascalCase(name: string): string {
  return name.replace(/(?:^|-)(\w)/g, (_match, letter: string) => letter.toUpperCase())
}
