import { afterEach, describe, expect, it } from 'vitest'
import { SupervisedProcess } from '../../src/boot/supervised-process.ts'
import { waitFor } from '../wait-for.ts'

/** Serves (by its own word) and lives until its standard input closes. */
const SERVICE = `
  console.log(JSON.stringify({ ready: true, port: Number(process.argv[1]) || 1234,
    modelVersion: 'v' }))
  process.stdin.resume().on('end', () => process.exit(0))
`

const open: SupervisedProcess[] = []

function supervise(script: string, said: string[] = []): SupervisedProcess {
  const child = new SupervisedProcess({
    name: 'service',
    command: process.execPath,
    args: (port) => ['-e', script, String(port)],
    port: 0,
    workingDirectory: process.cwd(),
    say: (line) => said.push(line),
  })
  open.push(child)
  return child
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch {
    return false
  }
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((child) => child.close()))
})

describe('SupervisedProcess', () => {
  it('is ready when the child says so', async () => {
    await expect(supervise(SERVICE).ready).resolves.toEqual({ port: 1234, modelVersion: 'v' })
  })

  it('starts a crashed child again on the same port, and says so', async () => {
    const said: string[] = []
    const child = supervise(SERVICE, said)
    await child.ready
    const first = child.processId
    if (first === null) throw new Error('the child is not running')
    process.kill(first, 'SIGKILL')
    await waitFor(() => said.some((line) => line.includes('is back on port 1234')), {
      what: 'the child to be back',
    })
    expect(said.join('\n')).toMatch(/service ended \(SIGKILL\); it starts again in 0.5 s/)
    expect(child.processId).not.toBe(first)
  })

  it('rejects with the last words of a child that never served', async () => {
    const child = supervise('console.error("port 1 is in use"); process.exit(2)')
    await expect(child.ready).rejects.toThrow(/did not start \(exit code 2\): port 1 is in use/)
  })

  it('ends a child that ignores SIGTERM', async () => {
    const child = supervise(
      `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); ${SERVICE.replace(
        'process.exit(0)',
        '0',
      )}`,
    )
    await child.ready
    const id = child.processId
    if (id === null) throw new Error('the child is not running')
    await child.close()
    expect(isAlive(id)).toBe(false)
  })
})
