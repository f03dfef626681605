/** A sleeper that can be woken: a call while nobody sleeps ends the next sleep at once. */
export class WakeUp {
  #isPending = false
  #end: (() => void) | null = null

  /** Ends the current sleep, or the next one. */
  wake(): void {
    if (this.#end === null) this.#isPending = true
    else this.#end()
  }

  /** Resolves after `ms`, or as soon as `wake` is called. */
  async sleep(ms: number): Promise<void> {
    if (this.#isPending) {
      this.#isPending = false
      return
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#end?.(), ms)
      this.#end = () => {
        clearTimeout(timer)
        this.#end = null
        resolve()
      }
    })
  }
}
