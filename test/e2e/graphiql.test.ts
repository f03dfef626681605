import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PERSONAS, startDemoGateway } from '../world.ts'
import type { GatewayProcess } from '../world.ts'

const CHROMIUM = '/usr/bin/chromium'
const REMEDY = 'apt-get install -y --no-install-recommends chromium'
/** The README shows it: `HOMEFEED_SCREENSHOT=docs/graphiql.png` renews it. */
const SCREENSHOT = process.env['HOMEFEED_SCREENSHOT'] ?? join(tmpdir(), 'homefeed-graphiql.png')
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Every name but this machine's is unknown, for workers and preconnects too.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
]

const hasChromium = existsSync(CHROMIUM)

it.runIf(process.env['HOMEFEED_CI'] === '1')('has Chromium in CI', () => {
  expect(hasChromium, REMEDY).toBe(true)
})

describe.runIf(hasChromium)(`GraphiQL in Chromium (else: ${REMEDY})`, () => {
  let gateway: GatewayProcess
  let browser: Browser
  let page: Page
  const requested: string[] = []
  const troubles: string[] = []

  beforeAll(async () => {
    gateway = await startDemoGateway()
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    await context.route(
      (url) => url.hostname !== '127.0.0.1',
      (route) => route.abort(),
    )
    page = await context.newPage()
    page.on('request', (request) => requested.push(request.url()))
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? ''
      // A page that is reloaded drops what it was still loading.
      if (why !== 'net::ERR_ABORTED') troubles.push(`${why}: ${request.url()}`)
    })
    page.on('response', (response) => {
      const isAnswer = response.url().endsWith('/graphql')
      if (response.status() >= 400 && !isAnswer) {
        troubles.push(`${response.status()}: ${response.url()}`)
      }
    })
    page.on('pageerror', (error) => troubles.push(error.message))
    page.on('console', (message) => {
      const { url } = message.location()
      if (message.type() === 'error' && !url.endsWith('/graphql')) {
        troubles.push(`${message.text()} ${url}`)
      }
    })
    await page.goto(`${gateway.url}/graphiql`)
    await page.locator('.graphiql-query-editor .view-line').first().waitFor()
  }, 400_000)

  afterAll(async () => {
    await browser?.close()
    await gateway?.stop()
  })

  const textOf = (selector: string) => page.locator(selector).first().innerText()

  /**
   * Waits until both editors are filled, then presses the button until posts show: for a moment
   * after a change of tabs, GraphiQL still asks for the operation of the tab before.
   */
  async function runAs(persona: keyof typeof PERSONAS, operation: string): Promise<string> {
    await expect.poll(() => textOf('.graphiql-query-editor')).toContain(operation)
    await expect.poll(() => textOf('.graphiql-editor-tool')).toContain(PERSONAS[persona])
    const response = () => textOf('.graphiql-response')
    const runOnce = async () => {
      await page.locator('.graphiql-execute-button').click()
      await expect.poll(response).toMatch(/"(data|errors)"/)
      return response()
    }
    await expect.poll(runOnce, { timeout: 20_000 }).toContain('"displayName"')
    return response()
  }

  it('offers a saved query for each persona', async () => {
    const tabs = await page.locator('.graphiql-tab-button').allInnerTexts()
    const expected = Object.keys(PERSONAS).map(
      (handle) => `${handle.charAt(0).toUpperCase()}${handle.slice(1)}Feed`,
    )
    expect(tabs.map((tab) => tab.trim())).toEqual(expected)
  })

  it('runs the saved query as ada and shows posts', async () => {
    expect(await runAs('ada', 'AdaFeed')).not.toContain('"errors"')
    await page.screenshot({ path: SCREENSHOT })
  })

  it('asks as another persona in another tab', async () => {
    await page.getByRole('tab', { name: 'BrunoFeed' }).click()
    expect(await runAs('bruno', 'BrunoFeed')).not.toContain('"errors"')
  })

  it('explores the schema', async () => {
    await page.getByRole('button', { name: /documentation explorer/i }).click()
    await expect.poll(() => textOf('.graphiql-plugin')).toContain('Query')
    await page.locator('.graphiql-plugin').getByText('Query', { exact: true }).first().click()
    await expect.poll(() => textOf('.graphiql-plugin')).toContain('homeFeed')
  })

  it('still knows who asks at a second visit', async () => {
    const stored = () => page.evaluate(() => localStorage.getItem('graphiql:headers') ?? '')
    await expect.poll(stored).toContain(PERSONAS.bruno)
    await page.reload()
    await expect.poll(() => textOf('.graphiql-query-editor')).toContain('BrunoFeed')
    await expect.poll(() => textOf('.graphiql-editor-tool')).toContain(PERSONAS.bruno)
  })

  it('loaded everything from here, without an error', () => {
    const elsewhere = requested.filter(
      (url) => !/^(data|blob):/.test(url) && !url.startsWith(`${gateway.url}/`),
    )
    expect(elsewhere).toEqual([])
    expect(requested.filter((url) => url.includes('/graphiql/assets/')).length).toBeGreaterThan(3)
    expect(troubles).toEqual([])
  })
})
