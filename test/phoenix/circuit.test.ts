import { beforeEach, expect, it } from 'vitest'
import { Circuit } from '../../src/phoenix/circuit.ts'
import { CIRCUIT_FAILURES_MAX, CIRCUIT_OPEN_MS } from '../../src/phoenix/phoenix.params.ts'

let nowMs = 0
let circuit = new Circuit(() => nowMs)

function failTimes(count: number): void {
  for (let at = 0; at < count; at += 1) circuit.fail()
}

beforeEach(() => {
  nowMs = 0
  circuit = new Circuit(() => nowMs)
})

it('lets calls pass until there were enough failures in a row', () => {
  failTimes(CIRCUIT_FAILURES_MAX - 1)
  circuit.succeed()
  failTimes(CIRCUIT_FAILURES_MAX - 1)
  expect(circuit.enter()).toBe('call')
  circuit.fail()
  expect([circuit.isOpen, circuit.enter()]).toEqual([true, 'refused'])
})

it('lets one probe pass after a while; a failed one closes the door again', () => {
  failTimes(CIRCUIT_FAILURES_MAX)
  nowMs += CIRCUIT_OPEN_MS - 1
  expect(circuit.enter()).toBe('refused')
  nowMs += 1
  expect([circuit.enter(), circuit.enter()]).toEqual(['probe', 'refused'])
  circuit.fail()
  expect(circuit.enter()).toBe('refused')
  nowMs += CIRCUIT_OPEN_MS
  expect(circuit.enter()).toBe('probe')
})

it('lets the next call probe when one ended before it could tell', () => {
  failTimes(CIRCUIT_FAILURES_MAX)
  nowMs += CIRCUIT_OPEN_MS
  expect(circuit.enter()).toBe('probe')
  circuit.release()
  expect(circuit.enter()).toBe('probe')
  circuit.succeed()
  expect([circuit.isOpen, circuit.enter(), circuit.enter()]).toEqual([false, 'call', 'call'])
})
