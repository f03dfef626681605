import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Reject } from './import-kind.ts'

/** `DIR/rejected/<file>.jsonl`: the lines that could not be used, each with number and reason. */
export class RejectFile {
  readonly path: string

  /** Keeps what an interrupted run wrote about the first `linesDone` lines, drops the rest. */
  constructor(directory: string, kind: string, linesDone: number) {
    this.path = join(directory, 'rejected', `${kind}.jsonl`)
    if (!existsSync(this.path)) return
    const kept = readFileSync(this.path, 'utf8')
      .split('\n')
      .filter((text) => lineOf(text) <= linesDone)
    if (kept.length === 0) rmSync(this.path)
    else writeFileSync(this.path, kept.map((text) => `${text}\n`).join(''))
  }

  append(rejects: readonly Reject[]): void {
    if (rejects.length === 0) return
    mkdirSync(dirname(this.path), { recursive: true })
    const ordered = [...rejects].sort((a, b) => a.line - b.line)
    appendFileSync(
      this.path,
      ordered
        .map(({ line, reason, text }) => `${JSON.stringify({ line, reason, text })}\n`)
        .join(''),
    )
  }
}

/** Infinity for what an interrupted run left half written. */
function lineOf(text: string): number {
  try {
    return (JSON.parse(text) as Reject).line
  } catch {
    return Infinity
  }
}
