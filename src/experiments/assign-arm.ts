import { createHash } from 'node:crypto'
import type { UserId } from '../ids.ts'
import type { Arm, Experiment } from './experiment.ts'

/** 2^48: as many bits of the hash as stay exact in a number. */
const STEPS = 2 ** 48

/**
 * Which arm a viewer is in; null = not in the experiment. The same for ever and on every machine:
 * u = the first 48 bits of SHA-256("homefeed:traffic:<salt>:<viewer>") / 2^48, in the experiment
 * when u < traffic; v likewise of "homefeed:arm:...", in [0, 1), picks among the arms laid side by
 * side in their order, each as wide as its parts. So a larger share of traffic keeps everybody who
 * was in, with the same arm, and experiments with different salts are independent.
 */
export function assignArm({ salt, traffic, arms }: Experiment, viewerId: UserId): Arm | null {
  if (shareOf('traffic', salt, viewerId) >= traffic) return null
  const parts = arms.reduce((sum, arm) => sum + arm.parts, 0)
  let place = shareOf('arm', salt, viewerId) * parts
  for (const arm of arms) {
    place -= arm.parts
    if (place < 0) return arm
  }
  return null
}

/** Uniform in [0, 1). */
function shareOf(purpose: string, salt: string, viewerId: UserId): number {
  const hash = createHash('sha256').update(`homefeed:${purpose}:${salt}:${viewerId}`).digest()
  return hash.readUIntBE(0, 6) / STEPS
}
