import { describe, expect, it } from 'vitest'
import { AdmissionGate, OverloadedError } from '../../../src/pipeline/framework/admission-gate.ts'
import { createCandidatePipeline } from '../../../src/pipeline/framework/candidate-pipeline.ts'
import { gate, listSource, source, tinyConfig, tinyQuery, tinyRequest } from './tiny-pipeline.ts'

const ROOMY = { atOnceMax: 2, waitingMax: 10, waitMsMax: 60_000 }
const { signal } = new AbortController()

describe('AdmissionGate', () => {
  it('lets in as many as fit, the others in order as places come free', async () => {
    const admission = new AdmissionGate(ROOMY)
    const order: number[] = []
    const enter = async (number: number) => {
      const leave = await admission.enter(signal)
      order.push(number)
      return leave
    }
    const [first, second] = await Promise.all([enter(1), enter(2)])
    const third = enter(3)
    const fourth = enter(4)
    expect(admission.waiting).toBe(2)
    second?.()
    const leaveThird = await third
    expect(order).toEqual([1, 2, 3])
    first?.()
    leaveThird()
    const leaveFourth = await fourth
    leaveFourth()
    expect(order).toEqual([1, 2, 3, 4])
    expect(admission.waiting).toBe(0)
  })

  it('refuses at once when too many wait', async () => {
    const admission = new AdmissionGate({ ...ROOMY, atOnceMax: 1, waitingMax: 0 })
    const leave = await admission.enter(signal)
    await expect(admission.enter(signal)).rejects.toThrow(OverloadedError)
    leave()
    await expect(admission.enter(signal)).resolves.toBeTypeOf('function')
  })

  it('refuses after too long a wait, and forgets who waited', async () => {
    const admission = new AdmissionGate({ ...ROOMY, atOnceMax: 1, waitMsMax: 1 })
    const leave = await admission.enter(signal)
    await expect(admission.enter(signal)).rejects.toThrow('no room within 1 ms')
    expect(admission.waiting).toBe(0)
    leave()
    await expect(admission.enter(signal)).resolves.toBeTypeOf('function')
  })

  it('lets go of one whose reader went away', async () => {
    const admission = new AdmissionGate({ ...ROOMY, atOnceMax: 1 })
    await admission.enter(signal)
    const controller = new AbortController()
    const entering = admission.enter(controller.signal)
    controller.abort(new Error('gone'))
    await expect(entering).rejects.toThrow('gone')
    expect(admission.waiting).toBe(0)
    await expect(admission.enter(controller.signal)).rejects.toThrow('gone')
  })
})

describe('a pipeline with a gate', () => {
  it('gathers for a few requests at once and scores beside them', async () => {
    const hold = gate()
    let running = 0
    let most = 0
    const slowSource = source({
      name: 'SlowSource',
      async fetch() {
        running += 1
        most = Math.max(most, running)
        await hold.opened
        running -= 1
        return []
      },
    })
    const pipeline = createCandidatePipeline(
      tinyConfig({ sources: [slowSource], admission: new AdmissionGate(ROOMY) }),
    )
    const asked = Array.from({ length: 5 }, () => pipeline.execute(tinyQuery(), tinyRequest()))
    hold.open()
    await Promise.all(asked)
    expect(most).toBe(2)
  })

  it('gives the place back when gathering throws', async () => {
    const controller = new AbortController()
    const pipeline = createCandidatePipeline(
      tinyConfig({
        sources: [listSource('ListSource', ['1'])],
        admission: new AdmissionGate({ ...ROOMY, atOnceMax: 1 }),
      }),
    )
    const aborted = pipeline.execute(tinyQuery(), tinyRequest({ signal: controller.signal }))
    controller.abort(new Error('gone'))
    await expect(aborted).rejects.toThrow('gone')
    const { selected } = await pipeline.execute(tinyQuery(), tinyRequest())
    expect(selected).toHaveLength(1)
  })
})
