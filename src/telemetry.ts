import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export type LogLevel = 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, unknown>>

/** Structured log: one JSON object a line. Fields never hold secrets or texts of posts. */
export interface Logger {
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export interface LoggerOptions {
  readonly now: () => number
  /** Default: standard error, so that standard output stays for people. */
  readonly write?: (line: string) => void
}

/** What an error says, with its causes, as plain fields. */
export function describeError(error: unknown, depth = 0): LogFields {
  if (!(error instanceof Error)) return { message: String(error) }
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause !== undefined && depth < 3
      ? { cause: describeError(error.cause, depth + 1) }
      : {}),
  }
}

function toJson(fields: LogFields): string {
  return JSON.stringify(fields, (_key, value: unknown) => {
    if (value instanceof Error) return describeError(value)
    return typeof value === 'bigint' ? String(value) : value
  })
}

export function createLogger({ now, write = console.error }: LoggerOptions): Logger {
  const log = (level: LogLevel, event: string, fields: LogFields = {}): void =>
    write(toJson({ time: new Date(now()).toISOString(), level, event, ...fields }))
  return {
    info: (event, fields) => log('info', event, fields),
    warn: (event, fields) => log('warn', event, fields),
    error: (event, fields) => log('error', event, fields),
  }
}

/** Seconds. From 1 ms to the request's second and a little more. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2]

/** The part of a component's message that is counted. */
interface ComponentMessage {
  readonly component: string
  readonly stage: string
  readonly outcome: string
  readonly durationMs: number
  readonly cache: { readonly hits: number; readonly misses: number } | null
}

function isComponentMessage(message: unknown): message is ComponentMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'component' in message &&
    'stage' in message &&
    'outcome' in message &&
    'durationMs' in message &&
    typeof message.durationMs === 'number' &&
    'cache' in message
  )
}

/** One kind of answer of the visibility rules. */
interface VerdictMessage {
  readonly level: string
  readonly action: string
  readonly rule: string
  readonly count: number
}

function isVerdictMessage(message: unknown): message is VerdictMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'level' in message &&
    'action' in message &&
    'rule' in message &&
    'count' in message &&
    typeof message.count === 'number'
  )
}

const VERDICTS = 'homefeed:visibility'

export interface GaugeDescription {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
}

/** One value of a gauge. */
export interface LabelledNumber {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface TelemetryOptions {
  /** Stages of the pipeline: their channels `homefeed:<stage>` are listened to. */
  readonly stages: readonly string[]
}

/** Every number that `/metrics` shows. Labels have few values: no ids, no texts. */
export class Telemetry {
  readonly #registry = new Registry()
  readonly #channels: readonly string[]
  readonly #gauges = new Map<string, Gauge>()
  readonly #requests = new Counter({
    name: 'homefeed_requests_total',
    help: 'GraphQL requests by operation field and outcome code.',
    labelNames: ['field', 'code'],
    registers: [this.#registry],
  })
  readonly #requestSeconds = new Histogram({
    name: 'homefeed_request_duration_seconds',
    help: 'Time from the arrival of a GraphQL request to its answer.',
    labelNames: ['field'],
    buckets: DURATION_BUCKETS,
    registers: [this.#registry],
  })
  readonly #components = new Counter({
    name: 'homefeed_component_runs_total',
    help: 'Runs of pipeline components by outcome.',
    labelNames: ['stage', 'component', 'outcome'],
    registers: [this.#registry],
  })
  readonly #componentSeconds = new Histogram({
    name: 'homefeed_component_duration_seconds',
    help: 'Time of pipeline components.',
    labelNames: ['stage', 'component'],
    buckets: DURATION_BUCKETS,
    registers: [this.#registry],
  })
  readonly #cacheReads = new Counter({
    name: 'homefeed_component_cache_reads_total',
    help: 'Look-ups that pipeline components made in what earlier requests learnt.',
    labelNames: ['stage', 'component', 'outcome'],
    registers: [this.#registry],
  })
  readonly #verdicts = new Counter({
    name: 'homefeed_visibility_total',
    help: 'Posts that the visibility rules judged, by level, action and the rule that decided.',
    labelNames: ['level', 'action', 'rule'],
    registers: [this.#registry],
  })
  readonly #degradations = new Counter({
    name: 'homefeed_degradations_total',
    help: 'Pages returned with a fallback, by flag.',
    labelNames: ['degradation'],
    registers: [this.#registry],
  })
  readonly #refreshes = new Counter({
    name: 'homefeed_refreshes_total',
    help: 'Home feed requests by the reason that the client gave.',
    labelNames: ['reason'],
    registers: [this.#registry],
  })
  readonly #pages = new Counter({
    name: 'homefeed_pages_total',
    help: 'Pages by the continuity of their session.',
    labelNames: ['continuity'],
    registers: [this.#registry],
  })
  readonly #servedFailures = new Counter({
    name: 'homefeed_served_write_failures_total',
    help: 'Pages whose served posts could not be recorded.',
    registers: [this.#registry],
  })

  readonly #exposures = new Counter({
    name: 'homefeed_exposures_total',
    help: 'Rankings of viewers who take part in an experiment, by its arm.',
    labelNames: ['experiment', 'arm'],
    registers: [this.#registry],
  })

  constructor({ stages }: TelemetryOptions) {
    this.#channels = stages.map((stage) => `homefeed:${stage}`)
    for (const channel of this.#channels) subscribe(channel, this.#countComponent)
    subscribe(VERDICTS, this.#countVerdicts)
    collectDefaultMetrics({ register: this.#registry })
  }

  readonly #countComponent = (message: unknown): void => {
    if (!isComponentMessage(message)) return
    const { stage, component, outcome, durationMs, cache } = message
    this.#components.inc({ stage, component, outcome })
    this.#componentSeconds.observe({ stage, component }, durationMs / 1000)
    if (cache === null) return
    this.#cacheReads.inc({ stage, component, outcome: 'hit' }, cache.hits)
    this.#cacheReads.inc({ stage, component, outcome: 'miss' }, cache.misses)
  }

  readonly #countVerdicts = (message: unknown): void => {
    if (!isVerdictMessage(message)) return
    const { level, action, rule, count } = message
    this.#verdicts.inc({ level, action, rule }, count)
  }

  /** `field`: the operation's first field; `code`: OK or the first error's. */
  countRequest(field: string, code: string, durationMs: number): void {
    this.#requests.inc({ field, code })
    this.#requestSeconds.observe({ field }, durationMs / 1000)
  }

  countPage(page: {
    readonly continuity: string
    readonly degradation: readonly string[]
    readonly refreshReason: string | null
  }): void {
    this.#pages.inc({ continuity: page.continuity })
    this.#refreshes.inc({ reason: page.refreshReason ?? 'NOT_GIVEN' })
    for (const degradation of page.degradation) this.#degradations.inc({ degradation })
  }

  /** `arms`: `experiment:arm` each. */
  countExposure(arms: readonly string[]): void {
    for (const name of arms) {
      const [experiment = '', arm = ''] = name.split(':')
      this.#exposures.inc({ experiment, arm })
    }
  }

  countServedFailure(): void {
    this.#servedFailures.inc()
  }

  /** A number that is read when somebody asks for the metrics; the newest reader of a name wins. */
  gauge(name: string, help: string, read: () => number): void {
    this.gauges({ name, help, labelNames: [] }, () => [{ labels: {}, value: read() }])
  }

  /** The same with labels: one number for each set of them. */
  gauges(
    { name, help, labelNames }: GaugeDescription,
    read: () => readonly LabelledNumber[],
  ): void {
    if (this.#gauges.has(name)) this.#registry.removeSingleMetric(name)
    const gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const { labels, value } of read()) this.set(labels, value)
      },
    })
    this.#gauges.set(name, gauge)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** All numbers in Prometheus' text format. */
  metrics(): Promise<string> {
    return this.#registry.metrics()
  }

  close(): void {
    for (const channel of this.#channels) unsubscribe(channel, this.#countComponent)
    unsubscribe(VERDICTS, this.#countVerdicts)
    this.#registry.clear()
  }
}
