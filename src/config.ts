import { isIP } from 'node:net'
import { join, resolve } from 'node:path'

/** Everything the environment decides, read once. The README's table documents each variable. */
export interface Config {
  readonly port: number
  readonly host: string
  /** Absolute. Holds the embedded database, the Python environment, caches and cursor keys. */
  readonly dataDirectory: string
  /** The interpreter that runs Phoenix; `npm start` makes it in the data directory. */
  readonly python: string
  /** Null = the embedded database. */
  readonly databaseUrl: string | null
  /** `host:port` each; null = the event log runs in process. */
  readonly kafkaBrokers: readonly string[] | null
  /** Posts, engagements and relations that arrive on Kafka are written to the database. */
  readonly materialises: boolean
  /** Absolute. Phoenix serves it and swaps to what takes its place; null = the demo checkpoint. */
  readonly checkpoint: string | null
  /** `host:port` of a service that somebody else runs; null = a child process of ours. */
  readonly retrievalUrl: string | null
  readonly rankingUrl: string | null
  /** Ports of our own children; 0 = any free one. */
  readonly retrievalPort: number
  readonly rankingPort: number
  /** HS256; null = development mode only. */
  readonly jwtSecret: string | null
  /** Accepts `x-viewer-id` from loopback. */
  readonly isDevelopment: boolean
  /** First signs, all verify; null = made in the data directory. */
  readonly cursorKeys: readonly string[] | null
  readonly corsOrigins: readonly string[]
  /** Absolute; a JSON file of authors and posts that are treated in a way of their own. */
  readonly authorListsFile: string | null
  /** The most posts that Thunder holds; the oldest go first. */
  readonly thunderPostsMax: number
  /** Absolute. Processes that share a database share it too. */
  readonly trainingLogDirectory: string
  /** Absolute. JSON list of prompts; null = our own. */
  readonly promptsFile: string | null
  /** Share of ranking requests, 0 to 1, whose tokens are kept beside the training log. */
  readonly tokenSampleRate: number
  /** Absolute; null = no experiments. */
  readonly experimentsFile: string | null
}

export type Environment = Readonly<Record<string, string | undefined>>

/** All faults of one start, each a sentence that names its variable and the remedy. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

const SECRET_LENGTH_MIN = 32
const DEVELOPMENT_ORIGINS = [
  'http://localhost:3000',
  'http://127.0.0.1:3000',
  'http://localhost:5173',
  'http://127.0.0.1:5173',
]

/** Settings of features that do not exist yet: refused, so that nobody believes they work. */
const NOT_YET: Readonly<Record<string, string>> = {
  REDIS_URL: 'sessions are kept in memory',
  HOMEFEED_JWKS_URL: 'tokens are verified with HOMEFEED_JWT_SECRET',
}

interface CountBounds {
  readonly fallback: number
  readonly min: number
  readonly max: number
}

/** About 110 bytes a post. Thunder numbers its slots, two a post, in 26 bits. */
const THUNDER_POSTS: CountBounds = { fallback: 2_000_000, min: 1_000, max: 33_000_000 }

class SettingsReader {
  readonly faults: string[] = []
  readonly #environment: Environment

  constructor(environment: Environment) {
    this.#environment = environment
  }

  text(name: string): string | null {
    const value = this.#environment[name]?.trim()
    return value === undefined || value === '' ? null : value
  }

  /** Absolute. */
  path(name: string): string | null {
    const text = this.text(name)
    return text === null ? null : resolve(text)
  }

  port(name: string, fallback: number): number {
    const text = this.text(name)
    if (text === null) return fallback
    const port = Number(text)
    if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
    this.faults.push(`${name} is "${text}": give a port from 0 to 65535 (0 = any free one).`)
    return fallback
  }

  /** A whole number within bounds. */
  count(name: string, bounds: CountBounds): number {
    const text = this.text(name)
    if (text === null) return bounds.fallback
    const count = Number(text)
    if (/^\d{1,9}$/.test(text) && count >= bounds.min && count <= bounds.max) return count
    this.faults.push(
      `${name} is "${text}": give a whole number from ${bounds.min} to ${bounds.max}.`,
    )
    return bounds.fallback
  }

  /** A number from 0 to 1. */
  share(name: string): number {
    const text = this.text(name)
    if (text === null) return 0
    const share = Number(text)
    if (share >= 0 && share <= 1) return share
    this.faults.push(`${name} is "${text}": give a share from 0 to 1, for example 0.001.`)
    return 0
  }

  flag(name: string): boolean {
    const text = this.text(name)
    if (text === null || text === '0' || text === 'false') return false
    if (text === '1' || text === 'true') return true
    this.faults.push(`${name} is "${text}": give 1 or 0.`)
    return false
  }

  secret(name: string): string | null {
    const text = this.text(name)
    if (text !== null && text.length < SECRET_LENGTH_MIN) {
      this.faults.push(
        `${name} has ${text.length} characters: give at least ${SECRET_LENGTH_MIN}, ` +
          'for example from `openssl rand -hex 32`.',
      )
    }
    return text
  }

  list(name: string): readonly string[] | null {
    const text = this.text(name)
    if (text === null) return null
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
  }

  databaseUrl(name: string): string | null {
    const text = this.text(name)
    if (text === null) return null
    if (URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol)) return text
    this.faults.push(`${name} is not a PostgreSQL address: give postgres://user@host:port/name.`)
    return null
  }

  /** `host:port` each, separated by commas. */
  addresses(name: string): readonly string[] | null {
    const addresses = this.list(name)
    const wrong = addresses?.find((address) => !isAddress(address))
    if (wrong !== undefined) {
      const example = '127.0.0.1:9092,127.0.0.1:9093'
      this.faults.push(`${name} names "${wrong}": give host:port, separated by commas: ${example}.`)
    }
    return addresses === null || addresses.length === 0 ? null : addresses
  }

  /** Accepts `host:port`, with or without `grpc://` or `http://` before it. */
  serviceAddress(name: string): string | null {
    const text = this.text(name)
    if (text === null) return null
    const address = text.replace(/^(grpc|http):\/\//, '').replace(/\/$/, '')
    if (isAddress(address)) return address
    this.faults.push(`${name} is "${text}": give host:port, for example 127.0.0.1:50051.`)
    return null
  }
}

function isAddress(text: string): boolean {
  const match = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text)
  return match !== null && Number(match[2]) >= 1 && Number(match[2]) <= 65_535
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function checkOrigins(reader: SettingsReader, origins: readonly string[]): void {
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      reader.faults.push(
        `HOMEFEED_CORS_ORIGINS names "${origin}": give origins such as https://app.example.org, ` +
          'separated by commas.',
      )
    }
  }
}

function checkCursorKeys(reader: SettingsReader, keys: readonly string[]): void {
  if (keys.some((key) => key.length < SECRET_LENGTH_MIN)) {
    reader.faults.push(
      `HOMEFEED_CURSOR_KEYS holds a key shorter than ${SECRET_LENGTH_MIN} characters: ` +
        'give keys from `openssl rand -hex 32`, separated by commas, the signing one first.',
    )
  }
}

function readDevelopmentMode(
  reader: SettingsReader,
  environment: Environment,
  server: { readonly jwtSecret: string | null; readonly host: string },
): boolean {
  const asked = reader.flag('HOMEFEED_DEV')
  const isDevelopment = asked || server.jwtSecret === null
  if (!isDevelopment) return false
  if (environment['NODE_ENV'] === 'production') {
    reader.faults.push(
      asked
        ? 'HOMEFEED_DEV is on under NODE_ENV=production: anyone could name any viewer. Unset it.'
        : 'HOMEFEED_JWT_SECRET is missing under NODE_ENV=production: set it to the secret that ' +
            'signs your tokens.',
    )
  }
  if (!isLoopback(server.host)) {
    reader.faults.push(
      `HOST is "${server.host}" in development mode, which trusts the x-viewer-id header: ` +
        'use 127.0.0.1, or set HOMEFEED_JWT_SECRET and unset HOMEFEED_DEV.',
    )
  }
  return true
}

/** Reads every setting. @throws {ConfigError} with all faults at once. */
export function readConfig(environment: Environment): Config {
  const reader = new SettingsReader(environment)
  for (const [name, instead] of Object.entries(NOT_YET)) {
    if (reader.text(name) !== null) {
      reader.faults.push(
        `${name} is set, but that feature does not exist yet: ${instead}. Unset it.`,
      )
    }
  }
  const host = reader.text('HOST') ?? '127.0.0.1'
  const jwtSecret = reader.secret('HOMEFEED_JWT_SECRET')
  const isDevelopment = readDevelopmentMode(reader, environment, { jwtSecret, host })
  const cursorKeys = reader.list('HOMEFEED_CURSOR_KEYS')
  if (cursorKeys !== null) checkCursorKeys(reader, cursorKeys)
  const corsOrigins =
    reader.list('HOMEFEED_CORS_ORIGINS') ?? (isDevelopment ? DEVELOPMENT_ORIGINS : [])
  checkOrigins(reader, corsOrigins)
  const dataDirectory = resolve(reader.text('HOMEFEED_DATA_DIR') ?? '.homefeed')
  const config: Config = {
    port: reader.port('PORT', 4000),
    host,
    dataDirectory,
    python: reader.text('HOMEFEED_PYTHON') ?? join(dataDirectory, 'python', 'bin', 'python'),
    databaseUrl: reader.databaseUrl('DATABASE_URL'),
    kafkaBrokers: reader.addresses('KAFKA_BROKERS'),
    materialises: reader.flag('HOMEFEED_MATERIALISE'),
    checkpoint: reader.path('HOMEFEED_CHECKPOINT'),
    retrievalUrl: reader.serviceAddress('PHOENIX_RETRIEVAL_URL'),
    rankingUrl: reader.serviceAddress('PHOENIX_RANKING_URL'),
    retrievalPort: reader.port('HOMEFEED_RETRIEVAL_PORT', 50_051),
    rankingPort: reader.port('HOMEFEED_RANKING_PORT', 50_052),
    jwtSecret,
    isDevelopment,
    cursorKeys,
    corsOrigins,
    authorListsFile: reader.path('HOMEFEED_AUTHOR_LISTS'),
    thunderPostsMax: reader.count('THUNDER_POSTS_MAX', THUNDER_POSTS),
    trainingLogDirectory: resolve(
      reader.text('HOMEFEED_TRAINING_LOG_DIR') ?? join(dataDirectory, 'training-log'),
    ),
    promptsFile: reader.path('HOMEFEED_PROMPTS'),
    tokenSampleRate: reader.share('HOMEFEED_TOKEN_SAMPLE_RATE'),
    experimentsFile: reader.path('HOMEFEED_EXPERIMENTS'),
  }
  if (config.materialises && config.kafkaBrokers === null) {
    reader.faults.push('HOMEFEED_MATERIALISE needs a log to read: set KAFKA_BROKERS, or unset it.')
  }
  if (reader.faults.length > 0) throw new ConfigError(reader.faults)
  return config
}

/** The process's own environment. The only place that reads it. */
export function readProcessConfig(): Config {
  return readConfig(process.env)
}
