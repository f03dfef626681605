import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { findJava } from '../../tools/find-java.ts'
import { freePort } from '../../tools/free-port.ts'
import { KafkaBroker } from '../../tools/kafka-broker.ts'
import { describeWithKafka, startTestBroker } from '../kafka.ts'

function isListening(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':')
  return new Promise((resolve) => {
    const socket = connect(Number(port), host)
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}

describeWithKafka('the development broker', (java) => {
  it('serves, dies by SIGKILL and starts again on its directory', async () => {
    const { broker, address, close } = await startTestBroker(java)
    onTestFinished(close)
    expect(await isListening(address)).toBe(true)
    await broker.kill()
    expect(await isListening(address)).toBe(false)
    await broker.start()
    expect(await isListening(address)).toBe(true)
  })

  it('says in its own words why it cannot start', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'homefeed-kafka-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const options = { java, jars: '/nowhere', directory, retentionHours: -1 }
    const broker = new KafkaBroker({ ...options, port: 1, controllerPort: 2 })
    await expect(broker.start()).rejects.toThrow('kafka.tools.StorageTool')
  })
})

it('finds no Java where there is none', () => {
  const { PATH, JAVA_HOME } = process.env
  onTestFinished(() => {
    process.env['PATH'] = PATH
    if (JAVA_HOME !== undefined) process.env['JAVA_HOME'] = JAVA_HOME
  })
  process.env['PATH'] = '/nowhere'
  delete process.env['JAVA_HOME']
  expect(findJava()).toBeNull()
})

it('gives a port that was free, and refuses one that is not', async () => {
  const port = await freePort()
  expect(await freePort(port)).toBe(port)
})
