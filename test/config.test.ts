import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig, type Environment } from '../src/config.ts'

const SECRET = 'a'.repeat(32)

function faultsOf(environment: Environment): readonly string[] {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

describe('readConfig', () => {
  it('needs no setting at all', () => {
    const config = readConfig({})
    expect(config).toMatchObject({ port: 4000, host: '127.0.0.1', isDevelopment: true })
    expect(config).toMatchObject({ databaseUrl: null, retrievalPort: 50_051, rankingPort: 50_052 })
    expect(config.dataDirectory).toMatch(/\.homefeed$/)
  })

  it('reports all faults of one start together, each with its variable', () => {
    const faults = faultsOf({
      PORT: '70000',
      HOMEFEED_RANKING_PORT: 'x',
      DATABASE_URL: 'mysql://somewhere',
      PHOENIX_RANKING_URL: 'nowhere',
      HOMEFEED_JWT_SECRET: 'short',
      HOMEFEED_DEV: 'maybe',
      HOMEFEED_CURSOR_KEYS: 'short',
      HOMEFEED_CORS_ORIGINS: 'not an origin',
    })
    const names = faults.map((fault) => fault.split(' ')[0] ?? '')
    expect(new Set(names)).toEqual(
      new Set([
        'DATABASE_URL',
        'HOMEFEED_CORS_ORIGINS',
        'HOMEFEED_CURSOR_KEYS',
        'HOMEFEED_DEV',
        'HOMEFEED_JWT_SECRET',
        'HOMEFEED_RANKING_PORT',
        'PHOENIX_RANKING_URL',
        'PORT',
      ]),
    )
  })

  it.each(['REDIS_URL', 'HOMEFEED_JWKS_URL'])(
    'refuses %s, whose feature does not exist yet',
    (name) => {
      expect(faultsOf({ [name]: 'x' })).toEqual([expect.stringContaining(`${name} is set`)])
    },
  )

  it('reads files from where the process stands', () => {
    expect(readConfig({}).authorListsFile).toBeNull()
    const { authorListsFile } = readConfig({ HOMEFEED_AUTHOR_LISTS: 'lists.json' })
    expect(authorListsFile).toBe(join(process.cwd(), 'lists.json'))
  })

  it('bounds Thunder by THUNDER_POSTS_MAX, and says what it may be', () => {
    expect(readConfig({}).thunderPostsMax).toBe(2_000_000)
    expect(readConfig({ THUNDER_POSTS_MAX: '1000' }).thunderPostsMax).toBe(1_000)
    for (const wrong of ['999', '33000001', '1e6', '-5', 'many', '2000.5']) {
      expect(faultsOf({ THUNDER_POSTS_MAX: wrong })).toEqual([
        `THUNDER_POSTS_MAX is "${wrong}": give a whole number from 1000 to 33000000.`,
      ])
    }
  })

  it('takes a list of prompts by its path, absolute from here on', () => {
    expect(readConfig({}).promptsFile).toBeNull()
    expect(readConfig({ HOMEFEED_PROMPTS: 'prompts.json' }).promptsFile).toBe(
      join(process.cwd(), 'prompts.json'),
    )
  })

  it('takes a checkpoint by its path, absolute from here on', () => {
    expect(readConfig({}).checkpoint).toBeNull()
    expect(readConfig({ HOMEFEED_CHECKPOINT: 'models/new' }).checkpoint).toBe(
      join(process.cwd(), 'models', 'new'),
    )
  })

  it('keeps the training log in the data directory unless told, and samples no tokens', () => {
    const config = readConfig({ HOMEFEED_DATA_DIR: '/data' })
    expect(config.trainingLogDirectory).toBe('/data/training-log')
    expect(config.tokenSampleRate).toBe(0)
    const told = { HOMEFEED_TRAINING_LOG_DIR: '/logs', HOMEFEED_TOKEN_SAMPLE_RATE: '0.25' }
    expect(readConfig(told)).toMatchObject({
      trainingLogDirectory: '/logs',
      tokenSampleRate: 0.25,
    })
    for (const wrong of ['-0.1', '2', 'all']) {
      expect(faultsOf({ HOMEFEED_TOKEN_SAMPLE_RATE: wrong })).toEqual([
        `HOMEFEED_TOKEN_SAMPLE_RATE is "${wrong}": give a share from 0 to 1, for example 0.001.`,
      ])
    }
  })

  it('turns development mode off with a secret, and on again on demand', () => {
    expect(readConfig({ HOMEFEED_JWT_SECRET: SECRET }).isDevelopment).toBe(false)
    const both = readConfig({ HOMEFEED_JWT_SECRET: SECRET, HOMEFEED_DEV: '1' })
    expect(both.isDevelopment).toBe(true)
  })

  it('refuses development mode in production and on an address that others reach', () => {
    expect(faultsOf({ NODE_ENV: 'production' })[0]).toContain('HOMEFEED_JWT_SECRET is missing')
    const asked = { NODE_ENV: 'production', HOMEFEED_JWT_SECRET: SECRET, HOMEFEED_DEV: '1' }
    expect(faultsOf(asked)[0]).toContain('HOMEFEED_DEV is on')
    expect(faultsOf({ HOST: '0.0.0.0' })[0]).toContain('HOST is "0.0.0.0"')
    expect(faultsOf({ HOST: '0.0.0.0', HOMEFEED_JWT_SECRET: SECRET })).toEqual([])
  })

  it('allows the usual front-end ports in development only', () => {
    expect(readConfig({}).corsOrigins).toContain('http://localhost:5173')
    expect(readConfig({ HOMEFEED_JWT_SECRET: SECRET }).corsOrigins).toEqual([])
  })

  it('reads service addresses with or without a scheme', () => {
    const config = readConfig({
      PHOENIX_RETRIEVAL_URL: 'grpc://10.0.0.1:50051',
      PHOENIX_RANKING_URL: 'phoenix.internal:50052',
    })
    expect(config.retrievalUrl).toBe('10.0.0.1:50051')
    expect(config.rankingUrl).toBe('phoenix.internal:50052')
  })

  it('reads the addresses of Kafka brokers, and materialises only with some', () => {
    const { kafkaBrokers, materialises } = readConfig({ KAFKA_BROKERS: 'a:9092, [::1]:9093' })
    expect(kafkaBrokers).toEqual(['a:9092', '[::1]:9093'])
    expect(materialises).toBe(false)
    expect(readConfig({ KAFKA_BROKERS: 'a:1', HOMEFEED_MATERIALISE: '1' }).materialises).toBe(true)
    expect(faultsOf({ KAFKA_BROKERS: 'a:9092,b' })).toEqual([
      expect.stringContaining('KAFKA_BROKERS names "b"'),
    ])
    expect(faultsOf({ HOMEFEED_MATERIALISE: '1' })).toEqual([
      expect.stringContaining('set KAFKA_BROKERS'),
    ])
  })
})
