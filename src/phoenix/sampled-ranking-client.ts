import { createHash } from 'node:crypto'
import { RankRequest } from '../gen/phoenix.ts'
import { toRankRequest } from './packed-messages.ts'
import type { RankAnswer, RankingClient, RankQuery } from './ranking-client.ts'
import type { CallOptions } from './retrieval-client.ts'

/** What one ranking request fed to the model, as the service got it. */
export interface TokenSample {
  readonly requestId: string
  readonly modelVersion: string
  /** An encoded `RankRequest`. */
  readonly request: Uint8Array
}

export interface SampledRankingClientOptions {
  readonly ranking: RankingClient
  /** Share of requests that are kept, 0 to 1. */
  readonly rate: number
  /** Takes a sample or drops it; never waits, never throws. */
  readonly keep: (sample: TokenSample) => void
}

/** The same request is always in, or always out: one that is asked in parts is kept whole. */
function isSampled(requestId: string, rate: number): boolean {
  const hash = createHash('sha256').update(requestId).digest().readUInt32BE(0)
  return hash < rate * 2 ** 32
}

/** A ranking client that keeps what it was asked for a sample of the requests it answered. */
export class SampledRankingClient implements RankingClient {
  readonly #options: SampledRankingClientOptions

  constructor(options: SampledRankingClientOptions) {
    this.#options = options
  }

  async rank(query: RankQuery, options: CallOptions): Promise<RankAnswer> {
    const { ranking, rate, keep } = this.#options
    const answer = await ranking.rank(query, options)
    const { requestId } = query
    if (query.candidates.length > 0 && isSampled(requestId, rate)) {
      const request = RankRequest.encode(toRankRequest(query)).finish()
      keep({ requestId, modelVersion: answer.modelVersion, request })
    }
    return answer
  }
}
