import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/** MB of ten dead requests that are left. */
async function leftMb(...options: readonly string[]): Promise<number> {
  const script = join(import.meta.dirname, 'young-garbage.ts')
  const args = ['--expose-gc', '--import', 'tsx', script, ...options]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return Number(stdout)
}

it('lets what a request made die young', async () => {
  // 20 MB and more stay where V8 may learn that posts grow old.
  expect(await leftMb()).toBeGreaterThan(10)
  expect(await leftMb('young')).toBeLessThan(5)
})
