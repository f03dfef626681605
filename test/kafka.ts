// Not a test but what tests are made with: it chooses titles and skips at run time.
/* oxlint-disable vitest/valid-title, vitest/no-conditional-tests, vitest/no-disabled-tests,
   vitest/expect-expect, vitest/valid-describe-callback */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findJava, JAVA_REMEDY } from '../tools/find-java.ts'
import { freePort } from '../tools/free-port.ts'
import { KafkaBroker } from '../tools/kafka-broker.ts'
import { ensureKafkaJars } from '../tools/kafka-jars.ts'

/** A broker of this test's own, and the end of it. */
export interface TestBroker {
  readonly broker: KafkaBroker
  /** `host:port`. */
  readonly address: string
  /** Ends the broker and removes what it kept. */
  close(): Promise<void>
}

/** The jars are shared by all runs in this checkout. */
function jarCache(): string {
  const dataDirectory = process.env['HOMEFEED_DATA_DIR']?.trim() || '.homefeed'
  return join(resolve(import.meta.dirname, '..', dataDirectory), 'kafka')
}

/** Starts a real broker on any free loopback port, in a directory of its own. */
export async function startTestBroker(java: string): Promise<TestBroker> {
  const jars = await ensureKafkaJars(jarCache(), () => undefined)
  const directory = mkdtempSync(join(tmpdir(), 'homefeed-kafka-'))
  const [port, controllerPort] = await Promise.all([freePort(), freePort()])
  const broker = new KafkaBroker({
    java,
    jars,
    directory,
    port,
    controllerPort,
    retentionHours: -1,
  })
  await broker.start()
  return {
    broker,
    address: broker.address,
    async close() {
      await broker.kill()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/**
 * Tests that need a real Kafka broker. Without Java they are skipped by name; under HOMEFEED_CI=1
 * that fails instead.
 */
export function describeWithKafka(name: string, tests: (java: string) => void): void {
  const java = findJava()
  if (java !== null) {
    describe(name, () => tests(java))
    return
  }
  if (process.env['HOMEFEED_CI'] === '1') {
    describe(name, () => {
      it('has Java in CI', () => {
        expect.fail(`Java is not installed: ${JAVA_REMEDY}`)
      })
    })
    return
  }
  describe.skip(`${name} (Java 17 is not installed: ${JAVA_REMEDY})`, () => {
    it('needs Java', () => {})
  })
}
