/** How a pipeline tells equal candidates and makes one of them. */
export interface MergeRules<C> {
  /** Candidates with the same answer are one. */
  idOf(candidate: Readonly<C>): string
  /** Takes into the first copy, in place, what a later one adds. */
  fold(first: C, later: Readonly<C>): void
}

/**
 * Joins the sources' lists in list order; of equal ids the first copy stays at its place and folds
 * the later ones in. Later stages therefore see each id once. O(candidates).
 */
export function mergeCandidates<C>(
  lists: readonly (readonly C[])[],
  { idOf, fold }: MergeRules<C>,
): C[] {
  const firstById = new Map<string, C>()
  for (const list of lists) {
    for (const candidate of list) {
      const id = idOf(candidate)
      const first = firstById.get(id)
      if (first === undefined) firstById.set(id, candidate)
      else fold(first, candidate)
    }
  }
  return [...firstById.values()]
}

/**
 * The usual fold: the list under `sourcesKey` gains the later copy's new entries, in order, and
 * every field that is null or undefined in the first copy takes the later copy's value.
 */
export function foldCopies<K extends string>(
  sourcesKey: K,
): <C extends Readonly<Record<K, readonly unknown[]>>>(first: C, later: Readonly<C>) => void {
  return (first, later) => {
    for (const key in later) fillAbsent(first, later, key)
    const target: Record<K, readonly unknown[]> = first
    target[sourcesKey] = [...new Set([...first[sourcesKey], ...later[sourcesKey]])]
  }
}

function fillAbsent<C, K extends keyof C>(first: C, later: Readonly<C>, key: K): void {
  if (first[key] == null && later[key] != null) first[key] = later[key]
}
