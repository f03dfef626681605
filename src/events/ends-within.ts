/** Waits for a promise, failed or not, but no longer than `ms`; true when it ended in time. */
export async function endsWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  const done = promise.then(
    () => true,
    () => true,
  )
  const isInTime = await Promise.race([done, late])
  clearTimeout(timer)
  return isInTime
}
