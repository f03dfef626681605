import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpus } from 'node:os'
import { promisify } from 'node:util'

/** One timed piece of work. What it answers must be the same in every variant. */
export interface Sample {
  /** Untimed: what the run needs afresh. */
  prepare(): void
  run(): Promise<void> | void
  /** Untimed: the last run's result in words. */
  answer(): string
  /** Untimed, at the end: other figures of the same runs, printed with the times. */
  figures?(): Readonly<Record<string, number>>
  /** Default: as many runs as the benchmark says. For a variant that takes long. */
  readonly sampleRuns?: number
}

/** Figures that are no times of one run: measured once, in a process of its own. */
export interface Gauge {
  readonly name: string
  readonly facts: Readonly<Record<string, number | string>>
  measure(): Promise<Readonly<Record<string, number>>> | Readonly<Record<string, number>>
}

/** What is compared, and how it is measured. Each variant runs in a process of its own. */
export interface Benchmark {
  readonly name: string
  /** Sizes and the like, printed with each row. */
  readonly facts: Readonly<Record<string, number | string>>
  /** The variant that the others are divided by. */
  readonly peer: string
  /** Whether the ratio is of times (default), or says how many times faster than the peer. */
  readonly ratio?: 'time' | 'speed'
  /** Of the times: the clock on the wall (default), or what all threads of the process worked. */
  readonly clock?: 'wall' | 'cpu'
  readonly warmUpRuns: number
  readonly sampleRuns: number
  readonly variants: Readonly<Record<string, () => Promise<Sample> | Sample>>
}

interface Measurement {
  readonly answer: string
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly [figure: string]: number | string
}

/**
 * Measures every variant and prints a table, or JSON lines with `--json`. To be called by a file
 * that is the process's entry: it is started again for each variant (`--variant NAME`).
 */
export async function runBenchmark(benchmark: Benchmark): Promise<void> {
  await runBenchmarks([benchmark], [])
}

/**
 * The same for several benchmarks with the same variants: a variant's process measures all of them,
 * so that what it builds is built once. Then the gauges, each in its own process.
 */
export async function runBenchmarks(
  benchmarks: readonly Benchmark[],
  gauges: readonly Gauge[],
): Promise<void> {
  const variant = argumentAfter('--variant')
  if (variant !== null) return answerParent(await measureAll(benchmarks, variant))
  const gaugeName = argumentAfter('--gauge')
  if (gaugeName !== null) {
    return answerParent((await gauges.find(({ name }) => name === gaugeName)?.measure()) ?? {})
  }
  const byVariant = new Map<string, readonly Measurement[]>()
  for (const name of Object.keys(benchmarks[0]?.variants ?? {})) {
    byVariant.set(name, await runApart(['--variant', name]))
  }
  for (const [at, benchmark] of benchmarks.entries()) {
    const measurements = [...byVariant].flatMap(([name, all]) => {
      const measurement = all[at]
      return measurement === undefined ? [] : [[name, measurement] as const]
    })
    print(benchmark, new Map(measurements))
  }
  for (const { name, facts } of gauges) {
    const figures: Record<string, number> = await runApart(['--gauge', name])
    printRows([{ benchmark: name, ...facts, ...figures }], `${name}: one process`)
  }
}

function argumentAfter(flag: string): string | null {
  const at = process.argv.indexOf(flag)
  return at < 0 ? null : (process.argv[at + 1] ?? '')
}

function answerParent(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

async function measureAll(
  benchmarks: readonly Benchmark[],
  variant: string,
): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = []
  for (const benchmark of benchmarks) measurements.push(await measure(benchmark, variant))
  return measurements
}

async function measure(benchmark: Benchmark, variant: string): Promise<Measurement> {
  const create = benchmark.variants[variant]
  if (create === undefined) throw new Error(`${benchmark.name} has no variant ${variant}`)
  const sample = await create()
  const timesMs: number[] = []
  const readMs = benchmark.clock === 'cpu' ? cpuMs : () => performance.now()
  const sampleRuns = sample.sampleRuns ?? benchmark.sampleRuns
  const warmUpRuns = Math.min(benchmark.warmUpRuns, Math.ceil(sampleRuns / 4))
  for (let run = -warmUpRuns; run < sampleRuns; run++) {
    sample.prepare()
    const startMs = readMs()
    await sample.run()
    const endMs = readMs()
    if (run >= 0) timesMs.push(endMs - startMs)
  }
  timesMs.sort((a, b) => a - b)
  return {
    answer: createHash('sha256').update(sample.answer()).digest('hex'),
    p50Ms: percentile(timesMs, 0.5),
    p90Ms: percentile(timesMs, 0.9),
    p99Ms: percentile(timesMs, 0.99),
    ...sample.figures?.(),
  }
}

/** What all threads of this process have worked since its start. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

export function percentile(sortedMs: readonly number[], share: number): number {
  const value = sortedMs[Math.min(sortedMs.length - 1, Math.floor(sortedMs.length * share))]
  if (value === undefined) throw new Error('a benchmark needs at least one sample')
  return Math.round(value * 1_000) / 1_000
}

/** Runs the entry file again in a process of its own, whose output is the answer, as JSON. */
export async function runApart<T>(options: readonly string[]): Promise<T> {
  const script = process.argv[1]
  if (script === undefined) throw new Error('a benchmark must be the entry of its process')
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...process.execArgv,
    script,
    ...process.argv.slice(2),
    ...options,
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
    const [of, by] = benchmark.ratio === 'speed' ? [peer, times] : [times, peer]
    const ratio = Math.round((of.p50Ms / by.p50Ms) * 100) / 100
    return { benchmark: benchmark.name, variant, ...benchmark.facts, ...times, [ratioKey]: ratio }
  })
  const { name, warmUpRuns, sampleRuns } = benchmark
  const clock = benchmark.clock === 'cpu' ? 'CPU time' : 'time'
  const runs = `${warmUpRuns} runs to warm up, ${sampleRuns} samples at most`
  printRows(rows, `${name}: ${clock}, ${runs}, one process a variant`)
}

/** As a table under its title, or as JSON lines. */
export function printRows(rows: readonly Row[], title: string): void {
  if (process.argv.includes('--json')) {
    for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
    return
  }
  const machine = `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? '?'}`
  process.stdout.write(`${title}; ${machine}\n${toTable(rows)}\n`)
}

export type Row = Readonly<Record<string, number | string>>

function toTable(rows: readonly Row[]): string {
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
