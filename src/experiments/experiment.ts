import type { ParamOverrides } from '../pipeline/params/param-overrides.ts'

/** One of the ways of ranking that are compared. */
export interface Arm {
  readonly name: string
  /** Share of the experiment's viewers, in parts of the sum of all arms; a whole number from 1. */
  readonly parts: number
  /** None = as it is: the control. */
  readonly overrides: ParamOverrides
}

/** A comparison of arms over a share of the viewers. */
export interface Experiment {
  readonly name: string
  /** Decides together with the viewer's id; another salt deals the viewers anew. */
  readonly salt: string
  /** Share of all viewers in [0, 1] who take part. */
  readonly traffic: number
  readonly arms: readonly Arm[]
}
