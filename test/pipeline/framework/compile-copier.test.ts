import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { compileCopier } from '../../../src/pipeline/framework/compile-copier.ts'

interface Point {
  x: number | undefined
  y: number
  'odd"\nname': string
}

it('copies these keys and no other, absent values included', () => {
  const into: Point = { x: 1, y: 2, 'odd"\nname': 'before' }
  compileCopier<Point>(['x', 'odd"\nname'])(into, { y: 9, 'odd"\nname': 'after' })
  expect(into).toEqual({ x: undefined, y: 2, 'odd"\nname': 'after' })
})

it('copies nothing for no keys', () => {
  const into = { x: 1 }
  compileCopier<typeof into>([])(into, { x: 2 })
  expect(into).toEqual({ x: 1 })
})

it('does the same where no text may be compiled', () => {
  const file = new URL('../../../src/pipeline/framework/compile-copier.ts', import.meta.url)
  const program = `
    const { compileCopier } = await import(${JSON.stringify(file.href)})
    const into = { x: 1, y: 2 }
    compileCopier(['x'])(into, { x: 3, y: 4 })
    console.log(JSON.stringify(into))`
  const flags = ['--disallow-code-generation-from-strings', '--import', 'tsx']
  const out = execFileSync(process.execPath, [...flags, '--input-type=module', '-e', program])
  expect(JSON.parse(out.toString())).toEqual({ x: 3, y: 2 })
})
