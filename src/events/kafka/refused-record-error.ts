/** Of the protocol: another try of the same record would be refused again. */
const REFUSALS: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_TIMESTAMP',
  'INVALID_RECORD',
  'CORRUPT_MESSAGE',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
])

/** The broker does not take this record, and will not when it is sent again. */
export class RefusedRecordError extends Error {
  override readonly name = 'RefusedRecordError'
}

function typeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { type, cause } = error as { readonly type?: unknown; readonly cause?: unknown }
  return typeof type === 'string' ? type : typeOf(cause)
}

/** Whether sending the same again is in vain. */
export function isRefusal(error: unknown): boolean {
  return REFUSALS.has(typeOf(error) ?? '')
}
