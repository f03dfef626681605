/** `npm run bench -- NAME [--json]`: runs `test/bench/NAME.bench.ts`; without a name lists them. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const DIRECTORY = join(import.meta.dirname, '..', 'test', 'bench')
const names = readdirSync(DIRECTORY)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace(/\.bench\.ts$/, ''))

const [name = '', ...options] = process.argv.slice(2)
if (names.includes(name)) {
  const file = join(DIRECTORY, `${name}.bench.ts`)
  const args = ['--expose-gc', '--import', 'tsx', file, ...options]
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1
} else {
  process.stderr.write(`usage: npm run bench -- NAME [--json], NAME one of: ${names.join(', ')}\n`)
  process.exitCode = name === '' ? 0 : 2
}
