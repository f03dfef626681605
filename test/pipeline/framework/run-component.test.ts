import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Component, StageContext } from '../../../src/pipeline/framework/component.ts'
import { RequestRun } from '../../../src/pipeline/framework/request-run.ts'
import { runComponent } from '../../../src/pipeline/framework/run-component.ts'
import { gate } from './tiny-pipeline.ts'

afterEach(() => {
  vi.useRealTimers()
})

interface Setting {
  readonly leftMs?: number
  readonly component?: Partial<Component<object>>
  readonly invoke: (context: StageContext) => unknown
}

/** One call at time 1,000, with fake timers, on a request that can be aborted. */
function start({ leftMs = 1_000, component = {}, invoke }: Setting) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const controller = new AbortController()
  const run = new RequestRun({
    pipeline: 'tiny',
    requestId: 'request-1',
    nowMs: 1_000,
    signal: controller.signal,
    deadlineMs: 1_000 + leftMs,
    now: () => 1_000,
  })
  const outcome = runComponent(run, {
    stage: 'source',
    component: { name: 'ASource', ...component },
    query: {},
    candidateCount: 7,
    invoke,
    findFault: () => null,
  })
  return { controller, run, outcome }
}

describe('deadlines', () => {
  const hang = () => new Promise(() => undefined)

  it("ends at the component's own limit, tells it, and says which", async () => {
    let signal: AbortSignal | undefined
    const { run, outcome } = start({
      component: { timeoutMs: 200 },
      invoke: (context) => {
        signal = context.signal
        expect(context.deadlineMs).toBe(1_200)
        return hang()
      },
    })
    await vi.advanceTimersByTimeAsync(199)
    expect(signal?.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await outcome).toMatchObject({ kind: 'failed', error: { code: 'timed_out' } })
    expect(signal?.aborted).toBe(true)
    expect(String(signal?.reason)).toBe('ComponentError: ASource (source) timed out after 200 ms')
    expect(run.reports()).toMatchObject([{ component: 'ASource', in: 7, out: 0, startMs: 1_000 }])
  })

  it("ends at the request's deadline when that is nearer", async () => {
    const { outcome } = start({ leftMs: 50, component: { timeoutMs: 200 }, invoke: hang })
    await vi.advanceTimersByTimeAsync(50)
    await expect(outcome).resolves.toMatchObject({
      error: { message: 'ASource (source) timed out after 50 ms' },
    })
  })

  it('does not start what would ask somebody when no time is left', async () => {
    const invoke = vi.fn(async () => 1)
    const { outcome } = start({ leftMs: 0, component: { dependency: 'database' }, invoke })
    await expect(outcome).resolves.toMatchObject({
      error: { message: 'ASource (source) timed out: no time was left of the request' },
    })
    expect(invoke).not.toHaveBeenCalled()
  })

  it('still runs what only computes when no time is left', async () => {
    const { outcome } = start({ leftMs: -5, invoke: async () => 'computed' })
    expect(await outcome).toMatchObject({ kind: 'answered', answer: 'computed' })
  })

  it('ignores an answer, a rejection and a word that come late', async () => {
    const { opened, open } = gate()
    const late: Promise<void>[] = []
    const { run, outcome } = start({
      component: { timeoutMs: 10 },
      invoke: async (context) => {
        const running = opened.then(() => context.degrade('STALE_GRAPH', 'database'))
        late.push(running)
        await running
        throw new Error('late')
      },
    })
    await vi.advanceTimersByTimeAsync(10)
    expect(await outcome).toMatchObject({ kind: 'failed' })
    open()
    await Promise.all(late)
    expect(run.degraded()).toHaveLength(1)
    expect(run.degraded()).toMatchObject([{ code: 'timed_out' }])
  })
})

describe('what is left behind', () => {
  it.each([
    ['an answer', async () => 1],
    ['a plain value', () => 1],
    [
      'a throw',
      () => {
        throw new Error('broken')
      },
    ],
    ['a rejection', () => Promise.reject(new Error('broken'))],
  ])('clears timer and listener after %s', async (_title, invoke) => {
    const { controller, outcome } = start({ invoke })
    await outcome
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('abort of the request', () => {
  it('ends a component at once, whatever it does, with the reason', async () => {
    let reason: unknown
    const { controller, outcome } = start({
      invoke: ({ signal }) => {
        signal.addEventListener('abort', () => (reason = signal.reason), { once: true })
        return new Promise(() => undefined)
      },
    })
    controller.abort('gone')
    expect(await outcome).toMatchObject({ error: { code: 'failed', cause: 'gone' } })
    expect(reason).toBe('gone')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('degrade', () => {
  it('is recorded once a word, without failing the component', async () => {
    const { run, outcome } = start({
      component: { failurePolicy: 'fail-closed' },
      invoke: async (context) => {
        context.degrade('STALE_GRAPH', 'database')
        context.degrade('STALE_GRAPH', 'database')
        context.degrade('STALE_GRAPH', 'cache')
      },
    })
    expect((await outcome).kind).toBe('answered')
    const entry = {
      stage: 'source',
      component: 'ASource',
      code: 'substituted',
      policy: 'fail-closed',
      degradation: 'STALE_GRAPH',
      cause: null,
    }
    expect(run.degraded()).toEqual([
      { ...entry, dependency: 'database' },
      { ...entry, dependency: 'cache' },
    ])
  })
})

describe('the channel of the stage', () => {
  it('tells each run and its outcome, and nothing of what is switched off', async () => {
    const messages: unknown[] = []
    const listen = (message: unknown) => messages.push(message)
    subscribe('homefeed:source', listen)
    try {
      await start({ invoke: async () => 1 }).outcome
      await start({ invoke: () => Promise.reject(new Error('broken')) }).outcome
      await start({ component: { enable: () => false }, invoke: async () => 1 }).outcome
    } finally {
      unsubscribe('homefeed:source', listen)
    }
    const message = {
      pipeline: 'tiny',
      component: 'ASource',
      stage: 'source',
      requestId: 'request-1',
      candidateCount: 7,
      durationMs: 0,
      cache: null,
    }
    expect(messages).toEqual([
      { ...message, outcome: 'ok' },
      { ...message, outcome: 'failed' },
    ])
  })
})
