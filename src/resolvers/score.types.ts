import { Field, Float, ObjectType, registerEnumType } from 'type-graphql'
import { ACTIONS } from '../gen/actions.ts'
import type { SignalKind } from '../gen/actions.ts'
import type { ScoreAdjustment } from '../pipeline/home-feed.candidate.ts'
import type { ScoreBreakdown, ScoreTerm } from '../pipeline/score-breakdown.ts'

const SignalKindEnum = Object.fromEntries(ACTIONS.map(({ signalKind }) => [signalKind, signalKind]))
registerEnumType(SignalKindEnum, { name: 'SignalKind', description: 'Kinds of actions.' })

@ObjectType('ScoreTerm', { simpleResolvers: true })
export class ScoreTermType {
  @Field(() => String, { description: 'A name of actions.json.' })
  readonly head: string

  @Field(() => SignalKindEnum, { nullable: true })
  readonly action: SignalKind | null

  @Field(() => Float, { description: 'In [0, 1]; seconds for dwell_time.' })
  readonly probability: number

  @Field(() => Float)
  readonly weight: number

  @Field(() => Float, { description: 'probability x weight' })
  readonly contribution: number

  constructor(term: ScoreTerm) {
    this.head = term.head
    this.action = term.action
    this.probability = term.probability
    this.weight = term.weight
    this.contribution = term.contribution
  }
}

@ObjectType('ScoreAdjustment', { simpleResolvers: true })
export class ScoreAdjustmentType {
  @Field(() => String)
  readonly name: string

  @Field(() => Float, { nullable: true, description: 'Null when it is not a multiplication.' })
  readonly factor: number | null

  @Field(() => Float)
  readonly before: number

  @Field(() => Float)
  readonly after: number

  constructor(adjustment: ScoreAdjustment) {
    this.name = adjustment.name
    this.factor = adjustment.factor
    this.before = adjustment.before
    this.after = adjustment.after
  }
}

@ObjectType('ScoreBreakdown', {
  simpleResolvers: true,
  description:
    'How a score came about: the contributions add up to the `before` of the first adjustment, ' +
    'each adjustment leads to the next, the last one to `final`.',
})
export class ScoreBreakdownType {
  @Field(() => Float)
  readonly final: number

  @Field(() => [ScoreTermType], { description: 'Empty when rules stood in for the model.' })
  readonly terms: readonly ScoreTermType[]

  @Field(() => [ScoreAdjustmentType])
  readonly adjustments: readonly ScoreAdjustmentType[]

  constructor(breakdown: ScoreBreakdown) {
    this.final = breakdown.final
    this.terms = breakdown.terms.map((term) => new ScoreTermType(term))
    this.adjustments = breakdown.adjustments.map((each) => new ScoreAdjustmentType(each))
  }
}
