import { parseArgs, type ParseArgsConfig } from 'node:util'

/** Wrong arguments: the message says which. */
export class UsageError extends Error {}

/** @throws UsageError for options that `config` does not have. */
export function readArguments<T extends ParseArgsConfig>(
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

export interface CommandOptions {
  readonly usage: string
  /** Errors whose message says enough; others are printed whole. */
  isExpected(error: unknown): boolean
  run(): Promise<void>
}

/** Runs a command. Exit code 2 for wrong arguments, with the usage; 1 for what it throws. */
export async function runCommand({ usage, isExpected, run }: CommandOptions): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n${usage}`)
      process.exitCode = 2
    } else {
      console.error(error instanceof Error && isExpected(error) ? error.message : error)
      process.exitCode = 1
    }
  }
}
