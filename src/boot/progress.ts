/** Lines for the person who ran `npm start`, apart from the log. */
export type Say = (line: string) => void

/** Writes to standard error, so that standard output stays free for tools. */
export function say(line: string): void {
  process.stderr.write(`homefeed  ${line}\n`)
}

/** Runs a step and says how long it took. */
export async function runTimedStep<T>(label: string, step: () => Promise<T>): Promise<T> {
  const startedAt = performance.now()
  const result = await step()
  say(`${label} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
  return result
}

/** A fault with its remedy in one sentence: printed without a stack trace. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
