/**
 * The first int of a timeline entry: second << 5 | flags. It wraps every 4.2 years, so heads are
 * compared by their difference and never as numbers; all that live at one time lie within 49 hours.
 */

/** What the reply rule and deletions say of an entry: the lowest two bits. */
export const SHOWN = 0
/** A second-level answer: shown to those who follow the answered author. */
export const CONDITIONAL = 1
/** An answer that nobody is shown; it uses up the scan cap. */
export const NEVER = 2
/** A repost of a deleted post; it uses up no cap. */
export const HIDDEN = 3
export const VERDICT_MASK = 3

export const FLAG_REPOST = 4
/** Reply or repost. */
export const FLAG_SECONDARY = 8
/** Belongs into answers to video requests. */
export const FLAG_VIDEO = 16

export const FLAG_BITS = 5
export const FLAGS_MASK = 31

/** The head of a second without any flag: the lowest one of that second. */
export function toHead(seconds: number): number {
  return seconds << FLAG_BITS
}

/** Epoch seconds of a head, given any second that is less than two years away. */
export function toSeconds(head: number, nearSeconds: number): number {
  return nearSeconds + ((head - toHead(nearSeconds)) >> FLAG_BITS)
}
