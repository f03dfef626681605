import { DISCRETE_ACTION_COUNT } from '../gen/actions.ts'
import { RankingServiceService } from '../gen/phoenix.ts'
import type { GrpcChannel } from './grpc-channel.ts'
import { readStatus, type ModelStatus } from './model-status.ts'
import { toFloats, toRankRequest } from './packed-messages.ts'
import { PhoenixError } from './phoenix-error.ts'
import { CANDIDATES_PER_CALL_MAX, SPLIT_ROUNDS_MAX } from './phoenix.params.ts'
import type { RankAnswer, RankingClient, RankQuery } from './ranking-client.ts'
import type { CallOptions } from './retrieval-client.ts'

/** The ranking service over gRPC, in the packed form. */
export class GrpcRankingClient implements RankingClient {
  readonly #channel: GrpcChannel

  constructor(channel: GrpcChannel) {
    this.#channel = channel
  }

  async rank(query: RankQuery, options: CallOptions): Promise<RankAnswer> {
    const { candidates } = query
    if (candidates.length === 0) {
      const none = new Float32Array(0)
      return { probabilities: none, dwellSeconds: none, modelVersion: '' }
    }
    // A model may take over between two parts. Scores of two are never mixed: all is asked again.
    for (let round = 1; round <= SPLIT_ROUNDS_MAX; round += 1) {
      const answer = join(await this.#rankParts(query, options), candidates.length)
      if (answer !== null) return answer
    }
    throw this.#badResponse(`changed its model during ${SPLIT_ROUNDS_MAX} tries of one request`)
  }

  /** The service's own account, for health details. */
  status(options: CallOptions): Promise<ModelStatus> {
    return readStatus(this.#channel, RankingServiceService.getStatus, options)
  }

  #rankParts(query: RankQuery, options: CallOptions): Promise<RankAnswer[]> {
    const starts = []
    for (let start = 0; start < query.candidates.length; start += CANDIDATES_PER_CALL_MAX) {
      starts.push(start)
    }
    return Promise.all(
      starts.map((start) => {
        const part = query.candidates.slice(start, start + CANDIDATES_PER_CALL_MAX)
        return this.#rankPart({ ...query, candidates: part }, options)
      }),
    )
  }

  async #rankPart(query: RankQuery, options: CallOptions): Promise<RankAnswer> {
    const count = query.candidates.length
    const answer = await this.#channel.call(
      RankingServiceService.rank,
      toRankRequest(query),
      options,
    )
    const probabilities = toFloats(answer.packedProbabilities, count * DISCRETE_ACTION_COUNT)
    const dwellSeconds = toFloats(answer.packedDwellSeconds, count)
    if (probabilities === null || dwellSeconds === null) {
      throw this.#badResponse(
        `answered ${answer.packedProbabilities.length} and ${answer.packedDwellSeconds.length} ` +
          `bytes for ${count} candidates`,
      )
    }
    // NaN passes both comparisons: it says that the model has no such head.
    if (probabilities.some((value) => value < 0 || value > 1)) {
      throw this.#badResponse('answered a probability outside 0 to 1')
    }
    return { probabilities, dwellSeconds, modelVersion: answer.modelVersion }
  }

  #badResponse(what: string): PhoenixError {
    return new PhoenixError({ service: this.#channel.service, code: 'bad_response', what })
  }
}

/** The parts as one answer; null when more than one model gave them. */
function join(parts: readonly RankAnswer[], count: number): RankAnswer | null {
  const [first] = parts
  if (first === undefined) throw new Error('nothing was asked')
  if (parts.length === 1) return first
  const { modelVersion } = first
  if (parts.some((part) => part.modelVersion !== modelVersion)) return null
  const probabilities = new Float32Array(count * DISCRETE_ACTION_COUNT)
  const dwellSeconds = new Float32Array(count)
  for (const [index, part] of parts.entries()) {
    const start = index * CANDIDATES_PER_CALL_MAX
    probabilities.set(part.probabilities, start * DISCRETE_ACTION_COUNT)
    dwellSeconds.set(part.dwellSeconds, start)
  }
  return { probabilities, dwellSeconds, modelVersion }
}
