import { createHash } from 'node:crypto'
import type { HomeFeedParams } from './home-feed.params.ts'

/** SHA-256 of every parameter, hex. Equal sets have equal digests; sections keep their order. */
export function digestOfParams(params: HomeFeedParams): string {
  return createHash('sha256').update(JSON.stringify(params)).digest('hex')
}
