import { describe, expect, it } from 'vitest'
import { evaluateVisibility } from '../../../src/pipeline/visibility/evaluate-visibility.ts'
import { NO_AUTHOR_LISTS } from '../../../src/pipeline/visibility/author-lists.ts'
import type { VisibilitySubject } from '../../../src/pipeline/visibility/visibility-rule.ts'
import type { ViewerFacts } from '../../../src/pipeline/visibility/viewer-facts.ts'
import { NOW_MS, post, repost, user, userIds, VIEWER } from '../home-feed-fixtures.ts'
import { relations } from '../store-fixtures.ts'

const viewer = (more: Partial<ViewerFacts> = {}): ViewerFacts => ({
  ...relations(),
  viewerId: VIEWER,
  followedIds: new Set(),
  countryCode: null,
  nowMs: NOW_MS,
  authorLists: NO_AUTHOR_LISTS,
  ...more,
})

const AUTHOR = 10
const subject = (more: Partial<VisibilitySubject> = {}): VisibilitySubject => ({
  post: post(100, AUTHOR),
  author: user(AUTHOR),
  moderation: { labels: [], takedownCountries: [] },
  authorLabels: [],
  ...more,
})
const labelled = (...labels: string[]) => subject({ moderation: { labels, takedownCountries: [] } })
const takenDown = (country: string) =>
  subject({ moderation: { labels: [], takedownCountries: [country] } })
const account = (more: Parameters<typeof user>[1]) => viewer({ account: user(1, more) })

describe('home rules', () => {
  it.each<[string, VisibilitySubject, ViewerFacts, string | null]>([
    ['nothing special', subject(), viewer(), null],
    ['author unknown', subject({ author: null }), viewer(), 'UNKNOWN'],
    [
      'author suspended',
      subject({ author: user(AUTHOR, { state: 'suspended' }) }),
      viewer(),
      'REMOVED',
    ],
    [
      'author deactivated',
      subject({ author: user(AUTHOR, { state: 'deactivated' }) }),
      viewer(),
      'DELETED',
    ],
    [
      'author protected',
      subject({ author: user(AUTHOR, { isProtected: true }) }),
      viewer(),
      'PROTECTED',
    ],
    [
      'protected but followed',
      subject({ author: user(AUTHOR, { isProtected: true }) }),
      viewer({ followedIds: userIds(AUTHOR) }),
      null,
    ],
    ['blocked', subject(), viewer({ blockedIds: userIds(AUTHOR) }), 'AUTHOR_BLOCKED'],
    ['blocking', subject(), viewer({ blockedByIds: userIds(AUTHOR) }), 'BLOCKED_BY_AUTHOR'],
    ['muted', subject(), viewer({ mutedIds: userIds(AUTHOR) }), 'AUTHOR_MUTED'],
    [
      'reposts muted',
      subject({ post: repost(100, AUTHOR, post(90, 9)) }),
      viewer({ mutedRepostIds: userIds(AUTHOR) }),
      'AUTHOR_MUTED',
    ],
    ['reposts muted, an original', subject(), viewer({ mutedRepostIds: userIds(AUTHOR) }), null],
    ['illegal', labelled('illegal'), viewer(), 'REMOVED'],
    ['spam', labelled('spam'), viewer(), 'REMOVED'],
    ['policy', labelled('POLICY'), viewer(), 'REMOVED'],
    ['taken down everywhere', takenDown('xx'), viewer(), 'REMOVED'],
    ['taken down here', takenDown('DE'), viewer({ countryCode: 'de' }), 'REMOVED'],
    ["taken down in the account's country", takenDown('de'), account({ country: 'DE' }), 'REMOVED'],
    ['taken down elsewhere', takenDown('fr'), viewer({ countryCode: 'de' }), null],
    [
      'for subscribers',
      subject({ post: post(100, AUTHOR, { subscribersOnly: true }) }),
      viewer(),
      'SUBSCRIBERS_ONLY',
    ],
    [
      'for subscribers, subscribed',
      subject({ post: post(100, AUTHOR, { subscribersOnly: true }) }),
      viewer({ subscribedIds: userIds(AUTHOR) }),
      null,
    ],
    ['adult, to a minor', labelled('adult'), account({ birthYear: 2010 }), 'AGE_RESTRICTED'],
    [
      'adult, age unknown in a gating country',
      labelled('adult'),
      viewer({ account: user(1, { birthYear: null }), countryCode: 'de' }),
      'AGE_RESTRICTED',
    ],
  ])('%s', (_title, ...[shown, facts, reason]) => {
    const answer = evaluateVisibility('home', shown, facts)
    expect(answer.action).toBe(reason === null ? 'allow' : 'drop')
    expect(answer.reason).toBe(reason)
    expect(evaluateVisibility('recommendations', shown, facts).action).toBe(answer.action)
  })

  it.each([
    ['an adult post', labelled('adult')],
    ['gore', labelled('gore')],
    ['a post flagged sensitive', subject({ post: post(100, AUTHOR, { sensitive: true }) })],
    ['an adult account', subject({ author: user(AUTHOR, { isAdult: true }) })],
    ['an account labelled adult', subject({ authorLabels: ['adult'] })],
  ])('warns of %s unless the viewer opted in; never recommends it', (_title, shown) => {
    const optedIn = account({ sensitiveOptIn: true })
    expect(evaluateVisibility('home', shown, viewer()).action).toBe('interstitial')
    expect(evaluateVisibility('home', shown, optedIn).action).toBe('allow')
    expect(evaluateVisibility('recommendations', shown, optedIn).action).toBe('drop')
    const unknownAge = viewer({ account: user(1, { birthYear: null }) })
    expect(evaluateVisibility('home', shown, unknownAge).action).toBe('interstitial')
  })

  it('lets the first drop win over an earlier warning', () => {
    const answer = evaluateVisibility('recommendations', labelled('adult', 'spam'), viewer())
    expect(answer).toMatchObject({ action: 'drop', rule: 'spam' })
  })
})

describe('recommendation rules', () => {
  it.each([
    ['do_not_amplify', labelled('do-not-amplify')],
    ['malicious_url', labelled('malicious_url')],
    ['spam_suspect', labelled('spam_suspect')],
    ['author_do_not_amplify', subject({ authorLabels: ['do_not_amplify'] })],
    ['author_spam', subject({ authorLabels: ['spam'] })],
  ])('%s', (rule, shown) => {
    expect(evaluateVisibility('home', shown, viewer()).action).toBe('allow')
    expect(evaluateVisibility('recommendations', shown, viewer())).toMatchObject({
      action: 'drop',
      rule,
    })
  })

  it('recommends an account that the viewer follows anyway', () => {
    const facts = viewer({ followedIds: userIds(AUTHOR) })
    const shown = subject({ authorLabels: ['do_not_amplify'] })
    expect(evaluateVisibility('recommendations', shown, facts).action).toBe('allow')
  })
})

it('shows authors their own posts, but not illegal or taken-down ones', () => {
  const own = { post: post(100, 1, { subscribersOnly: true }), author: user(1) }
  const show = (labels: string[], takedownCountries: string[] = []) =>
    evaluateVisibility(
      'home',
      { ...own, moderation: { labels, takedownCountries }, authorLabels: [] },
      account({ birthYear: 2015, state: 'suspended' }),
    ).action
  expect(show(['spam', 'adult'])).toBe('allow')
  expect(show(['illegal'])).toBe('drop')
  expect(show([], ['xx'])).toBe('drop')
})
