import type { Persona } from '../http/graphiql.ts'

export interface BannerOptions {
  readonly url: string
  readonly personas: readonly Persona[]
  readonly isDevelopment: boolean
}

const QUERY =
  '{ homeFeed(first: 20) { edges { node { ... on PostFeedItem ' +
  '{ post { text author { handle } } } } } session { degradation } } }'

/** What `npm start` ends with: where to look, as whom, and one command that works. */
export function formatBanner({ url, personas, isDevelopment }: BannerOptions): string {
  const lines = ['', `  homefeed is ready: ${url}/graphiql`, '']
  if (isDevelopment) {
    lines.push(
      '  DEVELOPMENT MODE: the header x-viewer-id names the viewer, and anyone on this machine',
      '  may send it. Set HOMEFEED_JWT_SECRET before anybody else can reach this port.',
      '',
    )
  }
  for (const { handle, userId, sentence } of personas) {
    lines.push(`  ${handle.padEnd(8)} x-viewer-id: ${userId.padEnd(6)} ${sentence}`)
  }
  const viewerId = personas[0]?.userId
  if (viewerId !== undefined && isDevelopment) {
    lines.push(
      '',
      `  curl -s ${url}/graphql -H 'content-type: application/json' ` +
        `-H 'x-viewer-id: ${viewerId}' \\`,
      `    -d '${JSON.stringify({ query: QUERY })}'`,
    )
  }
  return [...lines, ''].join('\n')
}
