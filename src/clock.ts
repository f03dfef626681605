/** The clock of the process, epoch ms. Everything else takes a clock by parameter. */
export function systemNowMs(): number {
  return Date.now()
}
