import type { ContractCheck } from './contract-case.ts'
import { endsSoon } from './contract-values.ts'

type Start = (signal: AbortSignal) => Promise<unknown>

/** Ends under a signal that has aborted, that aborts while it runs, and when nothing answers. */
export function abortChecks(run: Start, runStalled: Start | undefined): readonly ContractCheck[] {
  const checkAbortOf = (start: Start) => async () => {
    const controller = new AbortController()
    const running = endsSoon(start(controller.signal))
    setImmediate(() => controller.abort())
    await running
  }
  return [
    {
      title: 'ends when its signal has aborted already',
      check: () => endsSoon(run(AbortSignal.abort())),
    },
    { title: 'ends when its signal aborts', check: checkAbortOf(run) },
    ...(runStalled === undefined
      ? []
      : [{ title: 'ends when its dependency hangs', check: checkAbortOf(runStalled) }]),
  ]
}
