import type { PostConsumer } from './post-consumer.ts'
import type { PostStore } from './post-store.ts'
import { Retention } from './retention.ts'

/**
 * Makes a store ready to serve: waits until the consumer has applied what the log held at its
 * start, removes what expired meanwhile, and keeps removing from then on. Close what it returns.
 * Rejects when the consumer is closed before.
 */
export async function catchUp(store: PostStore, consumer: PostConsumer): Promise<Retention> {
  await consumer.caughtUp
  const retention = new Retention(store)
  await retention.trim()
  retention.start()
  return retention
}
