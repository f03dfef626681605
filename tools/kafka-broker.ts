import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { formatKafkaSettings, type KafkaSettings } from './kafka-settings.ts'

const CLUSTER_ID = 'AAAAAAAAQACAAAAAAAAAAA'
const READY_LINE = 'Kafka Server started'
const READY_MS_MAX = 60_000
const STOP_MS_MAX = 10_000
const COMPLAINT_LENGTH = 2_000

const JVM_OPTIONS = [
  '-Xms256m',
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
  '-Djava.awt.headless=true',
  '-Djava.net.preferIPv4Stack=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
]

export interface KafkaBrokerOptions extends KafkaSettings {
  readonly java: string
  /** Folder of the jars. */
  readonly jars: string
}

/** A real, single Kafka broker as a child process. It ends with this process where Linux helps. */
export class KafkaBroker {
  readonly #options: KafkaBrokerOptions
  #child: ChildProcess | null = null
  #ended: Promise<void> = Promise.resolve()

  constructor(options: KafkaBrokerOptions) {
    this.#options = options
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.#options.port}`
  }

  /** Resolves when the running broker, if any, has ended. */
  get ended(): Promise<void> {
    return this.#ended
  }

  /** Starts on what the directory holds; formats an empty one. Resolves when it serves. */
  async start(): Promise<void> {
    const { directory } = this.#options
    await mkdir(directory, { recursive: true })
    const settings = join(directory, 'server.properties')
    await writeFile(settings, formatKafkaSettings(this.#options))
    if (!existsSync(join(directory, 'data', 'meta.properties'))) {
      const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', settings]
      await promisify(execFile)(this.#options.java, this.#javaArguments(format))
    }
    await this.#run(this.#javaArguments(['kafka.Kafka', settings]))
  }

  /** SIGSTOP: it answers nobody, and its connections stay open. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  /** SIGCONT after `freeze`. */
  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** SIGKILL; `start` then brings it back with what it had. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  /** SIGTERM, and SIGKILL after ten seconds. */
  async stop(): Promise<void> {
    const child = this.#child
    if (child === null) return
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    await this.#ended
    clearTimeout(force)
  }

  #javaArguments(program: readonly string[]): string[] {
    return [...JVM_OPTIONS, '-cp', join(this.#options.jars, '*'), ...program]
  }

  async #run(javaArguments: readonly string[]): Promise<void> {
    const [command = '', ...args] = dyingWithUs([this.#options.java, ...javaArguments])
    // A group of its own: Ctrl-C reaches us alone, and we end it in order.
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    this.#child = child
    this.#ended = new Promise((resolve) => {
      child.once('close', () => {
        if (this.#child === child) this.#child = null
        resolve()
      })
    })
    await untilReady(child)
  }
}

/** On Linux the kernel ends the broker when this process is killed: nothing of ours could. */
function dyingWithUs(command: readonly string[]): readonly string[] {
  const canTie = process.platform === 'linux' && spawnSync('setpriv', ['--version']).status === 0
  return canTie ? ['setpriv', '--pdeathsig', 'KILL', '--', ...command] : command
}

/** Reads this process's own lines: a file would still hold the last start's. */
function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaint = ''
    const fail = (how: string) => reject(new Error(`Kafka ${how}:\n${complaint.trim()}`))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      fail(`did not start within ${READY_MS_MAX / 1_000} s`)
    }, READY_MS_MAX)
    child.once('error', (error) => fail(`could not be started (${error.message})`))
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      fail(`ended (${signal ?? `exit code ${code}`})`)
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + String(chunk)).slice(-COMPLAINT_LENGTH)
      if (!complaint.includes(READY_LINE)) return
      clearTimeout(timer)
      resolve()
    })
  })
}
