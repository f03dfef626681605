import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface SupervisedProcessOptions {
  /** Name in messages: `phoenix-ranking`. */
  readonly name: string
  readonly command: string
  /** Arguments of one start; the port of the first start is kept for later ones. */
  readonly args: (port: number) => readonly string[]
  readonly port: number
  readonly workingDirectory: string
  /** One sentence for the person at the terminal. */
  readonly say: (line: string) => void
}

/** What a service prints when it serves. */
export interface ReadyLine {
  readonly port: number
  readonly modelVersion: string
}

const RESTART_MS_MIN = 500
const RESTART_MS_MAX = 10_000
/** A child that served this long starts again without having to wait. */
const STABLE_MS = 30_000
const TERMINATION_MS = 2_500

/**
 * A child process that is started again, with growing pauses, whenever it ends. The child reads
 * our pipe as its standard input and ends when that closes, so it never outlives this process.
 */
export class SupervisedProcess {
  /** Resolves at the first ready line; rejects when the child ends before it ever served. */
  readonly ready: Promise<ReadyLine>
  readonly #options: SupervisedProcessOptions
  #child: ChildProcess | null = null
  #port: number
  #restartMs = RESTART_MS_MIN
  #restartTimer: NodeJS.Timeout | undefined
  #isClosing = false
  #wasReady = false
  #lastComplaint = ''
  #resolveReady: (line: ReadyLine) => void = () => undefined
  #rejectReady: (error: Error) => void = () => undefined

  constructor(options: SupervisedProcessOptions) {
    this.#options = options
    this.#port = options.port
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve
      this.#rejectReady = reject
    })
    this.#start()
  }

  /** Of the running child; null between two starts. */
  get processId(): number | null {
    return this.#child?.pid ?? null
  }

  /** Ends the child: politely first, by force after 2.5 s. */
  async close(): Promise<void> {
    this.#isClosing = true
    clearTimeout(this.#restartTimer)
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
    child.stdin?.end()
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), TERMINATION_MS)
    await ended
    clearTimeout(force)
  }

  #start(): void {
    const { command, args, workingDirectory } = this.#options
    const startedAt = performance.now()
    const child = spawn(command, args(this.#port), {
      cwd: workingDirectory,
      stdio: ['pipe', 'pipe', 'pipe'],
      // Its own group: Ctrl-C reaches us alone, and we end it in order.
      detached: true,
    })
    this.#child = child
    // A child that died breaks this pipe; its end is handled below.
    child.stdin.on('error', () => undefined)
    child.on('error', (error) => (this.#lastComplaint = error.message))
    createInterface({ input: child.stdout }).on('line', (line) => this.#readLine(line))
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#lastComplaint = line
      if (!this.#isClosing) this.#options.say(`${this.#options.name}: ${line}`)
    })
    child.once('close', (code, signal) => {
      this.#child = null
      const servedMs = performance.now() - startedAt
      if (!this.#isClosing) this.#handleEnd(signal ?? `exit code ${code}`, servedMs)
    })
  }

  #readLine(line: string): void {
    const message = parseLine(line)
    if (message === null) {
      this.#options.say(`${this.#options.name}: ${line}`)
      return
    }
    if (message['ready'] !== true) return
    const port = Number(message['port'])
    this.#port = port
    if (this.#wasReady) this.#options.say(`${this.#options.name} is back on port ${port}.`)
    this.#wasReady = true
    this.#resolveReady({ port, modelVersion: String(message['modelVersion']) })
  }

  #handleEnd(how: string, servedMs: number): void {
    const { name, say } = this.#options
    if (!this.#wasReady) {
      this.#rejectReady(new Error(`${name} did not start (${how}): ${this.#lastComplaint}`))
      return
    }
    if (servedMs >= STABLE_MS) this.#restartMs = RESTART_MS_MIN
    say(`${name} ended (${how}); it starts again in ${this.#restartMs / 1000} s.`)
    this.#restartTimer = setTimeout(() => this.#start(), this.#restartMs)
    this.#restartMs = Math.min(this.#restartMs * 2, RESTART_MS_MAX)
  }
}

function parseLine(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
