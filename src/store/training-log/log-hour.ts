export const HOUR_MS = 3_600_000

const NAME = /^hour=(\d{4}-\d{2}-\d{2}T\d{2})$/

/** The start of the hour that holds a time, epoch ms. */
export function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS) * HOUR_MS
}

/** The folder of an hour: `hour=2026-11-26T02`, in UTC. */
export function nameOfHour(hourMs: number): string {
  return `hour=${new Date(hourMs).toISOString().slice(0, 13)}`
}

/** The hour that a folder's name says, epoch ms; null = it is no such folder. */
export function hourOfName(name: string): number | null {
  const hour = NAME.exec(name)?.[1]
  if (hour === undefined) return null
  const hourMs = Date.parse(`${hour}:00:00Z`)
  return Number.isNaN(hourMs) ? null : hourMs
}
