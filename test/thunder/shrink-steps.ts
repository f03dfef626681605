/**
 * The shortest sequence that still fails, as far as taking steps out finds it: halves, quarters and
 * so on down to single steps, again until nothing more can go (delta debugging).
 */
export function shrinkSteps<T>(
  steps: readonly T[],
  fails: (steps: readonly T[]) => boolean,
): readonly T[] {
  let shortest = steps
  for (let size = Math.ceil(steps.length / 2); size >= 1;) {
    const before = shortest.length
    for (let at = 0; at < shortest.length;) {
      const without = shortest.toSpliced(at, size)
      if (fails(without)) shortest = without
      else at += size
    }
    if (size > 1) size = Math.ceil(size / 2)
    else if (shortest.length === before) break
  }
  return shortest
}
