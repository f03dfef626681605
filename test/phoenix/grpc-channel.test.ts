import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  RankingServiceService,
  type GetStatusRequest,
  type GetStatusResponse,
} from '../../src/gen/phoenix.ts'
import { GrpcChannel } from '../../src/phoenix/grpc-channel.ts'
import { PhoenixError } from '../../src/phoenix/phoenix-error.ts'
import { CIRCUIT_FAILURES_MAX, CIRCUIT_OPEN_MS } from '../../src/phoenix/phoenix.params.ts'
import { waitFor } from '../wait-for.ts'
import {
  healthService,
  ServerFault,
  startGrpcServer,
  Switchable,
  unhurried,
  type HealthSwitch,
  type RunningGrpcServer,
} from './grpc-server.ts'

const METHOD = RankingServiceService.getStatus
const ANSWER: GetStatusResponse = {
  modelVersion: 'm1',
  indexSize: 0n,
  newestPostCreatedAtMs: 0n,
  queueLength: 0,
  instanceId: 'i1',
  ranking: undefined,
}
/** Longer than what counts as unanswered, short for a test. */
const IMPATIENT_MS = 270

let clockOffsetMs = 0
let answers: Switchable<GetStatusRequest, GetStatusResponse>
let health: HealthSwitch
let server: RunningGrpcServer
let channel: GrpcChannel

const definition = { getStatus: METHOD }
const services = () => [[definition, { getStatus: answers.handle }] as const, healthService(health)]
const openChannel = () =>
  new GrpcChannel({
    service: 'phoenix-ranking',
    address: server.address,
    nowMs: () => Date.now() + clockOffsetMs,
  })
const call = (options = unhurried()) => channel.call(METHOD, {}, options)
const impatient = () => ({ ...unhurried(), deadlineMs: Date.now() + IMPATIENT_MS })

async function errorOf(calling: Promise<unknown>): Promise<PhoenixError> {
  try {
    await calling
  } catch (error) {
    if (error instanceof PhoenixError) return error
    throw error
  }
  throw new Error('it answered')
}

beforeEach(async () => {
  clockOffsetMs = 0
  answers = new Switchable(() => ANSWER)
  health = new Switchable(() => ({ isServing: true }))
  server = await startGrpcServer(services())
  channel = openChannel()
})

afterEach(() => {
  channel.close()
  server.stop()
})

describe('a call', () => {
  it('ends at its deadline, and the server is told', async () => {
    answers.use(() => 'hang')
    const error = await errorOf(call(impatient()))
    expect(error).toMatchObject({ code: 'deadline_exceeded', retryable: true })
    expect(error.message).toMatch(/^phoenix-ranking: 127\.0\.0\.1:\d+ /)
    expect(error.cause).toMatchObject({ code: status.DEADLINE_EXCEEDED })
    await waitFor(() => answers.cancelled === 1, { what: 'the server to notice', everyMs: 5 })
  })

  it('ends with its signal, and the server is told', async () => {
    answers.use(() => 'hang')
    const controller = new AbortController()
    const calling = errorOf(call({ ...unhurried(), signal: controller.signal }))
    await waitFor(() => answers.calls === 1, { what: 'the call', everyMs: 5 })
    controller.abort()
    expect(await calling).toMatchObject({ code: 'cancelled', retryable: false })
    await waitFor(() => answers.cancelled === 1, { what: 'the server to notice', everyMs: 5 })
  })

  it('is not made at all once its signal has fired', async () => {
    const error = await errorOf(call({ ...unhurried(), signal: AbortSignal.abort() }))
    expect(error.code).toBe('cancelled')
    expect(answers.calls).toBe(0)
  })

  it('is tried again once when the service was not reached', async () => {
    answers.use(() => (answers.calls === 1 ? new ServerFault(status.UNAVAILABLE) : ANSWER))
    expect(await call()).toEqual(ANSWER)
    expect(answers.calls).toBe(2)
    answers.use(() => new ServerFault(status.UNAVAILABLE))
    expect(await errorOf(call())).toMatchObject({ code: 'unavailable', retryable: true })
    expect(answers.calls).toBe(4)
  })

  it.each([
    [status.RESOURCE_EXHAUSTED, 'overloaded', true],
    [status.INVALID_ARGUMENT, 'invalid_argument', false],
    [status.INTERNAL, 'failed', false],
  ] as const)('that the service answers with %i fails as %s, once', async (code, name, again) => {
    answers.use(() => new ServerFault(code, 'user_id must be at least 1'))
    const error = await errorOf(call())
    expect(error).toMatchObject({ code: name, retryable: again, service: 'phoenix-ranking' })
    expect(error.message).toContain('user_id must be at least 1')
    expect(answers.calls).toBe(1)
    expect(channel.isCircuitOpen).toBe(false)
  })
})

describe('a service that dies', () => {
  it('is found again by itself when it is back at its address', async () => {
    expect(await call()).toEqual(ANSWER)
    server.stop()
    expect((await errorOf(call())).code).toBe('unavailable')
    server = await startGrpcServer(services(), server.port)
    const answer = await waitFor(() => call().catch(() => null), { what: 'the service' })
    expect(answer).toEqual(ANSWER)
  })
})

describe('the circuit', () => {
  async function freeze(): Promise<void> {
    answers.use(() => 'hang')
    health.use(() => 'hang')
    const calls = Array.from({ length: CIRCUIT_FAILURES_MAX }, () => errorOf(call(impatient())))
    for (const error of await Promise.all(calls)) expect(error.code).toBe('deadline_exceeded')
  }

  it('opens after failures in a row: calls are then refused without asking', async () => {
    await freeze()
    const asked = answers.calls
    const error = await errorOf(call())
    expect(error).toMatchObject({ code: 'unavailable', retryable: true })
    expect(error.message).toContain('left alone')
    expect(answers.calls).toBe(asked)
  })

  it('asks only for the health of a service that it tries again', async () => {
    await freeze()
    const asked = answers.calls
    clockOffsetMs += CIRCUIT_OPEN_MS
    expect((await errorOf(call())).code).toBe('deadline_exceeded')
    expect([health.calls, answers.calls]).toEqual([1, asked])
    expect((await errorOf(call())).message).toContain('left alone')

    clockOffsetMs += CIRCUIT_OPEN_MS
    health.use(() => ({ isServing: false }))
    expect((await errorOf(call())).message).toContain('does not serve')
    expect(answers.calls).toBe(asked)

    clockOffsetMs += CIRCUIT_OPEN_MS
    health.use(() => ({ isServing: true }))
    answers.use(() => ANSWER)
    expect(await call()).toEqual(ANSWER)
    expect(channel.isCircuitOpen).toBe(false)
  })

  it('does not count calls that were given no time to be answered', async () => {
    answers.use(() => 'hang')
    for (let at = 0; at <= CIRCUIT_FAILURES_MAX; at += 1) {
      await errorOf(call({ ...unhurried(), deadlineMs: Date.now() + 20 }))
    }
    expect(channel.isCircuitOpen).toBe(false)
  })
})

describe('the health check', () => {
  it('says what the service says', async () => {
    expect(await channel.isServing(unhurried())).toBe(true)
    health.use(() => ({ isServing: false }))
    expect(await channel.isServing(unhurried())).toBe(false)
    health.use(() => 'hang')
    expect((await errorOf(channel.isServing(impatient()))).code).toBe('deadline_exceeded')
  })

  it('takes a service without one for serving, an absent service not', async () => {
    health.use(() => new ServerFault(status.UNIMPLEMENTED))
    expect(await channel.isServing(unhurried())).toBe(true)
    server.stop()
    expect((await errorOf(channel.isServing(unhurried()))).code).toBe('unavailable')
  })
})
