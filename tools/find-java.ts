import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** Kafka's class files are of Java 17. */
const JAVA_MIN = 17

/** How Debian and Ubuntu install it. */
export const JAVA_REMEDY = 'apt-get install -y --no-install-recommends default-jre-headless'

/** A `java` of version 17 or later: of JAVA_HOME, else of the PATH; null when there is none. */
export function findJava(): string | null {
  const home = process.env['JAVA_HOME']
  const commands = [...(home === undefined ? [] : [join(home, 'bin', 'java')]), 'java']
  return commands.find((command) => javaVersion(command) >= JAVA_MIN) ?? null
}

/** The major version; 0 when the command does not run. */
export function javaVersion(command: string): number {
  const { status, stderr } = spawnSync(command, ['-version'], { encoding: 'utf8' })
  const version = /version "(\d+)/.exec(stderr ?? '')?.[1]
  return status === 0 && version !== undefined ? Number(version) : 0
}
