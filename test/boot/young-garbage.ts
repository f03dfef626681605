/**
 * `node --expose-gc young-garbage.ts [young]`: MB of dead posts that collecting the young
 * generation leaves, after it has often found posts alive. `young`: as the gateway runs.
 */
import { keepRequestsYoung } from '../../src/boot/keep-requests-young.ts'

if (process.argv[2] === 'young') keepRequestsYoung()
const collect = (type: 'major' | 'minor') => globalThis.gc?.({ type })

function makePosts(): readonly object[] {
  const posts = []
  for (let id = 0; id < 20_000; id += 1) posts.push({ id, sources: [id], score: id / 2 })
  return posts
}

let underWay: readonly object[] = []
for (let request = 0; request < 30; request += 1) {
  underWay = makePosts()
  collect('minor')
}
const count = underWay.length
underWay = []
collect('major')
const before = process.memoryUsage().heapUsed
for (let request = 0; request < 10; request += 1) {
  if (makePosts().length !== count) throw new Error('nothing was made')
}
// What survives the first has died by the second.
collect('minor')
collect('minor')
process.stdout.write(`${(process.memoryUsage().heapUsed - before) / 2 ** 20}`)
