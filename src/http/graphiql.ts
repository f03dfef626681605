import { ruruHTML } from 'ruru/server'

/** A person of the demo world whom a newcomer may look through the eyes of. */
export interface Persona {
  readonly userId: string
  readonly handle: string
  readonly name: string
  /** What one should see in this feed. */
  readonly sentence: string
}

export interface GraphiqlOptions {
  readonly personas: readonly Persona[]
  readonly isDevelopment: boolean
}

/** Where the assets of the page are served. */
export const GRAPHIQL_ASSETS = '/graphiql/assets/'

/** The page loads from this server alone; the policy makes anything else impossible. */
export const GRAPHIQL_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

interface Tab {
  readonly query: string
  readonly headers: string
}

/** Comment lines that fit the editor. */
function toComment(text: string): string {
  const lines = text.match(/.{1,58}(?:\s|$)/g) ?? [text]
  return lines.map((line) => `# ${line.trim()}`).join('\n')
}

function feedQuery(operation: string, introduction: string): string {
  return `${toComment(introduction)}
# Press Ctrl+Enter. The headers below say who asks.
query ${operation} {
  homeFeed(first: 20) {
    edges {
      position
      score { final }
      node {
        id
        ... on PostFeedItem {
          post {
            text
            author { handle displayName }
            engagement { likes replies reposts }
          }
          social { ... on RepostedBy { user { handle } } }
        }
        ... on WhoToFollowFeedItem { title users { handle displayName } }
        ... on PromptFeedItem { title body action }
      }
    }
    pageInfo { hasNextPage endCursor }
    session { continuity degradation ranking { algorithm model } }
  }
}
`
}

function headersOf(viewerId: string): string {
  return JSON.stringify({ 'x-viewer-id': viewerId, 'x-viewer-roles': 'DEBUGGER' }, null, 2)
}

function toOperationName(handle: string): string {
  const letters = handle.replace(/[^A-Za-z0-9_]/g, '')
  return `${letters.charAt(0).toUpperCase()}${letters.slice(1)}Feed`
}

function personaTab({ handle, name, userId, sentence }: Persona): Tab {
  return {
    query: feedQuery(toOperationName(handle), `${name}: ${sentence}`.replaceAll(/\s+/g, ' ')),
    headers: headersOf(userId),
  }
}

/** One tab a persona, ada first; one with a token where development headers are not accepted. */
export function toTabs({ personas, isDevelopment }: GraphiqlOptions): readonly Tab[] {
  if (!isDevelopment) {
    const headers = JSON.stringify({ authorization: 'Bearer TOKEN' }, null, 2)
    return [{ query: feedQuery('MyFeed', 'Put your token into the headers tab.'), headers }]
  }
  if (personas.length === 0) {
    return [
      {
        query: feedQuery('MyFeed', 'Put a user id into the headers tab.'),
        headers: headersOf('1'),
      },
    ]
  }
  return personas.map(personaTab)
}

/** Text inside a script element: nothing in it may look like a tag. */
function toScriptText(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

/** The whole page. Its editor, schema explorer and workers come from `GRAPHIQL_ASSETS`. */
export function createGraphiqlPage(options: GraphiqlOptions): string {
  const tabs = toTabs(options)
  // Ruru hands all of it to GraphiQL, which has more options than Ruru's type names.
  const clientConfig = {
    endpoint: '/graphql',
    staticPath: GRAPHIQL_ASSETS,
    defaultTabs: tabs,
    defaultHeaders: tabs[0]?.headers ?? '',
    defaultEditorToolsVisibility: 'headers',
    debugTools: [],
    // Without it a second visit would find the tabs, but not who asks. Tokens are not kept.
    shouldPersistHeaders: options.isDevelopment,
  }
  return ruruHTML({
    endpoint: '/graphql',
    staticPath: GRAPHIQL_ASSETS,
    htmlParts: {
      titleTag: '<title>homefeed: GraphiQL</title><link rel="icon" href="/avatar/homefeed.svg">',
      configScript: `<script>const RURU_CONFIG = ${toScriptText(clientConfig)};</script>`,
    },
  })
}
