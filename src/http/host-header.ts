const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Whether a Host header names this machine, with any port. In development mode anything else is
 * refused: a page of a foreign name that resolves to 127.0.0.1 (DNS rebinding) could otherwise
 * read any viewer's feed.
 */
export function isLoopbackHost(header: string | undefined): boolean {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:]+)(?::\d{1,5})?$/.exec(header ?? '')
  return match?.[1] !== undefined && LOOPBACK_HOSTS.has(match[1].toLowerCase())
}
