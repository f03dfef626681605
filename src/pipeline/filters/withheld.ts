const PREFIX = 'withheld: '

/**
 * The detail of a post that a safety filter could not judge. The answer then carries
 * `SAFETY_WITHHELD`.
 */
export function withheld(unknown: string): string {
  return `${PREFIX}${unknown} not known`
}

/** Whether a removed candidate's detail came from `withheld`. */
export function isWithheld(detail: string | null): boolean {
  return detail?.startsWith(PREFIX) ?? false
}
