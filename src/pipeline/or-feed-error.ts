import { FeedError } from '../errors.ts'
import { OverloadedError } from './framework/admission-gate.ts'
import { ComponentError } from './framework/component-error.ts'

/** What an execution answers; its failure as what a caller may be told. @throws FeedError */
export async function orFeedError<T>(execution: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await execution
  } catch (cause) {
    if (cause instanceof FeedError) throw cause
    if (cause instanceof OverloadedError) {
      const message = 'More feeds are asked for than can be ranked. Please try again in a moment.'
      throw new FeedError('OVERLOADED', message, { cause })
    }
    if (signal.aborted) {
      throw new FeedError('DEADLINE_EXCEEDED', 'The request ended before its answer.', { cause })
    }
    const what = cause instanceof ComponentError ? 'A rule of the feed failed' : 'The feed failed'
    throw new FeedError('INTERNAL', `${what}; this has been logged.`, { cause })
  }
}
