import type { UserRecord } from '../store/records.ts'

/** ms since the account was made, at least 0; null = there is none, or it could not be read. */
export function accountAgeMsOf(
  account: Pick<UserRecord, 'createdAtMs'> | null | undefined,
  nowMs: number,
): number | null {
  return account == null ? null : Math.max(0, nowMs - account.createdAtMs)
}
