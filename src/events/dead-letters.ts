import type { DeadLetter } from '../gen/events.ts'
import { decodeEvent, EventDecodeError } from './event-codec.ts'
import type { ConsumedRecord, EncodedRecord, EventLog, Topic } from './event-log.ts'

/** A dead letter as the log has it. */
export interface StoredDeadLetter {
  /** `topic/partition/offset` of the record that could not be used. */
  readonly key: string
  readonly letter: DeadLetter
}

const REPLAYED_TOPICS: readonly Topic[] = ['posts', 'engagements', 'relations', 'impressions']

function readLetter({ key, value }: ConsumedRecord): StoredDeadLetter | null {
  try {
    const { payload } = decodeEvent(value)
    return payload.$case === 'deadLetter' ? { key, letter: payload.value } : null
  } catch (error) {
    if (error instanceof EventDecodeError) return null
    throw error
  }
}

/** All that the log holds now, oldest first; one that was published twice once. */
export async function readDeadLetters(log: EventLog): Promise<readonly StoredDeadLetter[]> {
  const letters = new Map<string, StoredDeadLetter>()
  const subscription = await log.subscribe('dead-letters', { kind: 'earliest' }, async (batch) => {
    for (const stored of batch.map(readLetter)) {
      if (stored !== null) letters.set(stored.key, stored)
    }
  })
  try {
    await subscription.caughtUp
  } finally {
    await subscription.close()
  }
  return [...letters.values()].toSorted((a, b) => Number(a.letter.atMs - b.letter.atMs))
}

/** Why a letter cannot be sent again; null = it can. */
export function whyNotReplayed({ letter }: StoredDeadLetter): string | null {
  if (/^(missing_codec|corrupt_batch)/.test(letter.reason)) {
    return 'it is a whole batch as it was compressed: let its producer send it again'
  }
  if (letter.reason.includes('(cut from')) return 'its value was too long to be kept'
  if (!REPLAYED_TOPICS.some((topic) => topic === letter.topic)) return 'its topic is none of ours'
  return null
}

/**
 * The record as it was, for its topic: after an update it may be understood. It is no harm when it
 * was: an event counts once.
 */
export function toReplayedRecord({ letter }: StoredDeadLetter, nowMs: number): EncodedRecord {
  return {
    topic: letter.topic as Topic,
    key: Buffer.from(letter.key).toString(),
    value: letter.value,
    occurredAtMs: nowMs,
  }
}
