import { KafkaEventLog } from '../../src/events/kafka/kafka-event-log.ts'
import { decodePostEvent } from '../../src/thunder/post-event.ts'
import { startPostConsumer } from '../../src/thunder/post-consumer.ts'
import { PostStore } from '../../src/thunder/post-store.ts'
import type { Sample } from './harness.ts'
import { naiveKafka } from './kafka-world.ts'

export interface CatchUpWork {
  readonly broker: string
  readonly nowMs: number
  readonly posts: number
}

/** Fills a store by `fill`; what that opened is left to the end of the process. */
function createSample(nowMs: number, fill: (store: PostStore) => Promise<void>): Sample {
  let store = new PostStore(() => nowMs)
  return {
    prepare() {
      store = new PostStore(() => nowMs)
    },
    run: () => fill(store),
    answer: () => store.storeHash(),
  }
}

/** The gateway's way: from the call to a store that has everything. */
export function batchedCatchUp({ broker, nowMs }: CatchUpWork): Sample {
  return createSample(nowMs, async (store) => {
    const log = new KafkaEventLog({ brokers: [broker], nowMs: () => nowMs })
    const consumer = await startPostConsumer({ log, store, nowMs: () => nowMs })
    await consumer.caughtUp
  })
}

/** The peer: one callback a message, into the same store. */
export function naiveCatchUp({ broker, nowMs, posts }: CatchUpWork): Sample {
  return createSample(nowMs, async (store) => {
    const consumer = naiveKafka(broker).consumer({ groupId: `naive-${process.pid}` })
    await consumer.connect()
    await consumer.subscribe({ topics: ['posts'], fromBeginning: true })
    let left = posts
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
        const { change } = decodePostEvent(message.value ?? Buffer.alloc(0))
        if (change.kind === 'create') store.insert(change.post)
        left -= 1
        if (left === 0) resolve()
      }
      consumer.run({ autoCommit: false, eachMessage }).catch(reject)
    })
  })
}
