import { describe, expect, it } from 'vitest'
import { evaluateVisibility } from '../../../src/pipeline/visibility/evaluate-visibility.ts'
import { NO_AUTHOR_LISTS } from '../../../src/pipeline/visibility/author-lists.ts'
import { VISIBILITY_RULES } from '../../../src/pipeline/visibility/visibility-rules.ts'
import type {
  VisibilityLevel,
  VisibilitySubject,
} from '../../../src/pipeline/visibility/visibility-rule.ts'
import type { ViewerFacts } from '../../../src/pipeline/visibility/viewer-facts.ts'
import type { PostRecord, UserRecord } from '../../../src/store/records.ts'
import { NOW_MS, post, postIds, repost, user, userIds, VIEWER } from '../home-feed-fixtures.ts'
import { relations } from '../store-fixtures.ts'

const AUTHOR = 10

interface Setting {
  readonly post?: Partial<PostRecord>
  readonly author?: Partial<UserRecord>
  readonly labels?: readonly string[]
  readonly authorLabels?: readonly string[]
  readonly isRepost?: boolean
  readonly by?: number
  readonly viewer?: Partial<ViewerFacts>
  readonly account?: Partial<UserRecord>
}

/** What the rules say of one post to one viewer, as `action rule`. */
function verdict(level: VisibilityLevel, setting: Setting): string {
  const { by = AUTHOR, labels = [], authorLabels = [], isRepost = false } = setting
  const plain = post(100, by, setting.post)
  const subject: VisibilitySubject = {
    post: isRepost ? { ...repost(100, by, post(90, 9)), ...setting.post } : plain,
    author: user(by, setting.author),
    moderation: { labels, takedownCountries: [] },
    authorLabels,
  }
  const facts: ViewerFacts = {
    ...relations(),
    account: user(1, setting.account),
    viewerId: VIEWER,
    followedIds: new Set(),
    countryCode: null,
    nowMs: NOW_MS,
    authorLists: NO_AUTHOR_LISTS,
    ...setting.viewer,
  }
  const { action, rule } = evaluateVisibility(level, subject, facts)
  return rule === null ? action : `${action} ${rule}`
}

const both = (setting: Setting) => [verdict('home', setting), verdict('recommendations', setting)]

describe('labels of a post', () => {
  it.each(
    (
      'illegal pdna bounce high_risk_tag spam for_emergency_use_only hateful_conduct ' +
      'violent_speech abuse civic_integrity policy nullcast stale'
    ).split(' '),
  )('%s drops at both levels', (label) => {
    expect(both({ labels: [label] })).toEqual([`drop ${label}`, `drop ${label}`])
    expect(both({ labels: [label.toUpperCase().replaceAll('_', '-')] })[0]).toBe(`drop ${label}`)
  })

  it.each(['nullcast', 'stale'])('%s does not drop a repost', (label) => {
    expect(both({ labels: [label], isRepost: true })).toEqual(['allow', 'allow'])
  })

  it.each(
    (
      'dmca nsfw_high_recall do_not_amplify malicious_url spam_high_recall spam_suspect ' +
      'nsfw_text fosnr_abuse_insults'
    ).split(' '),
  )('%s drops recommendations alone', (label) => {
    expect(both({ labels: [label] })).toEqual(['allow', `drop ${label}`])
  })

  it.each(['adult', 'nsfw_high_precision', 'gore', 'nsfw_card_image'])(
    '%s warns at home, unless the viewer opted in, and is not recommended',
    (label) => {
      const dropped = `drop ${label}_not_recommended`
      expect(both({ labels: [label] })).toEqual([`interstitial ${label}`, dropped])
      const optedIn = { labels: [label], account: { sensitiveOptIn: true } }
      expect(both(optedIn)).toEqual(['allow', dropped])
    },
  )

  it.each(['nsfw_user', 'nsfw_admin'])('%s is the flag `sensitive`', (label) => {
    expect(both({ labels: [label] })).toEqual(both({ post: { sensitive: true } }))
  })

  it.each(['egregious_nsfw', 'anything_else'])('%s does nothing', (label) => {
    expect(both({ labels: [label] })).toEqual(['allow', 'allow'])
  })

  it('warns by the distinct adult variant first', () => {
    expect(verdict('home', { labels: ['nsfw_high_precision', 'adult'] })).toBe('interstitial adult')
  })
})

describe('labels of an author', () => {
  it.each(['erased', 'offboarded'])('%s drops at both levels', (label) => {
    const rule = `drop author_${label}`
    expect(both({ authorLabels: [label] })).toEqual([rule, rule])
  })

  it.each(
    (
      'nsfw_high_recall nsfw_high_precision spam_high_recall spam_suspect spam compromised ' +
      'read_only impersonation_high_precision nsfw_avatar nsfw_banner abusive_high_recall ' +
      'nsfw_near_perfect gore do_not_amplify'
    ).split(' '),
  )('%s drops recommendations alone', (label) => {
    expect(both({ authorLabels: [label] })).toEqual(['allow', `drop author_${label}`])
  })

  it('lets followers be recommended an author who is not amplified, and no other', () => {
    const viewer = { followedIds: userIds(AUTHOR) }
    expect(both({ authorLabels: ['do_not_amplify'], viewer })[1]).toBe('allow')
    expect(both({ authorLabels: ['compromised'], viewer })[1]).toBe('drop author_compromised')
  })

  it.each<[string, Setting]>([
    ['the account flag', { author: { isAdult: true } }],
    ['the label adult', { authorLabels: ['adult'] }],
    ['a flag of a user', { authorLabels: ['nsfw_user'] }],
    ['a flag of the house', { authorLabels: ['nsfw_admin'] }],
  ])('takes %s for an adult author', (_title, setting) => {
    expect(both(setting)).toEqual([
      'interstitial adult_author',
      'drop adult_author_not_recommended',
    ])
  })
})

describe('the viewer is the author', () => {
  it.each<[string, Setting, readonly string[]]>([
    ['spam', { labels: ['spam'] }, ['allow', 'allow']],
    ['adult', { labels: ['adult'], authorLabels: ['adult'] }, ['allow', 'allow']],
    ['suspended', { author: { state: 'suspended' } }, ['allow', 'allow']],
    ['erased', { authorLabels: ['erased'] }, ['allow', 'allow']],
    ['too young', { labels: ['gore'], account: { birthYear: 2015 } }, ['allow', 'allow']],
    ['for subscribers', { post: { subscribersOnly: true } }, ['allow', 'allow']],
    ['flagged', { post: { sensitive: true } }, ['allow', 'drop sensitive_not_recommended']],
    [
      'for emergency use only',
      { labels: ['for_emergency_use_only'] },
      ['drop for_emergency_use_only', 'drop for_emergency_use_only'],
    ],
    ['nullcast', { labels: ['nullcast'] }, ['drop nullcast', 'drop nullcast']],
    ['stale', { labels: ['stale'] }, ['drop stale', 'drop stale']],
    ['illegal', { labels: ['illegal'] }, ['drop illegal', 'drop illegal']],
    ['known abuse', { labels: ['pdna'] }, ['drop pdna', 'drop pdna']],
  ])('%s', (_title, setting, expected) => {
    expect(both({ ...setting, by: 1 })).toEqual(expected)
  })
})

describe('age', () => {
  const kept = { labels: ['nsfw_text'] }
  it.each<[string, Setting, string]>([
    ['a minor', { account: { birthYear: 2010 } }, 'drop age_gate'],
    [
      'a minor who opted in',
      { account: { birthYear: 2010, sensitiveOptIn: true } },
      'drop age_gate',
    ],
    ['an adult', { account: { birthYear: 1990, country: 'de' } }, 'allow'],
    [
      'no age in a gating country',
      { account: { birthYear: null, country: 'KR' } },
      'drop age_gate',
    ],
    ['no age elsewhere', { account: { birthYear: null, country: 'us' } }, 'allow'],
    ['no age and no country', { account: { birthYear: null } }, 'allow'],
    [
      "no age, the request's country",
      { account: { birthYear: null }, viewer: { countryCode: 'mx' } },
      'drop age_gate',
    ],
    [
      "no age, the account's country before the request's",
      { account: { birthYear: null, country: 'us' }, viewer: { countryCode: 'mx' } },
      'allow',
    ],
  ])('%s', (_title, setting, expected) => {
    const { viewer, account } = setting
    const facts = viewer === undefined ? {} : { viewer: { ...viewer, account: user(1, account) } }
    expect(verdict('home', { ...kept, account, ...facts } as Setting)).toBe(expected)
  })

  it.each(
    'adult gore nsfw_high_precision nsfw_high_recall nsfw_text nsfw_card_image nsfw_admin'.split(
      ' ',
    ),
  )('keeps %s from minors', (label) => {
    expect(verdict('home', { labels: [label], account: { birthYear: 2010 } })).toBe('drop age_gate')
  })
})

describe('lists of the house', () => {
  const lists = (more: Partial<typeof NO_AUTHOR_LISTS>) => ({
    viewer: { authorLists: { ...NO_AUTHOR_LISTS, ...more }, account: user(1) },
  })

  it('hide authors and posts from everybody but themselves', () => {
    const author = lists({ hiddenAuthorIds: userIds(AUTHOR, 1) })
    expect(both(author)).toEqual(['drop author_hidden', 'drop author_hidden'])
    const single = lists({ hiddenPostIds: postIds(100) })
    expect(both(single)).toEqual(['drop post_hidden', 'drop post_hidden'])
    expect(both({ ...author, by: 1 })).toEqual(['allow', 'allow'])
  })

  it('take trusted authors for asked for, and drop what no home would show', () => {
    const trusted = lists({ trustedAuthorIds: userIds(AUTHOR) })
    expect(both({ ...trusted, labels: ['do_not_amplify'] })).toEqual(['allow', 'allow'])
    expect(both({ ...trusted, labels: ['adult'] })[1]).toBe('interstitial adult')
    expect(both({ ...trusted, labels: ['spam'] })[1]).toBe('drop spam')
  })
})

it('lets the first drop win over an earlier warning, and the first warning over a later', () => {
  expect(verdict('recommendations', { labels: ['adult', 'malicious_url'] })).toBe(
    'drop adult_not_recommended',
  )
  expect(verdict('home', { labels: ['gore', 'nsfw_high_precision'] })).toBe(
    'interstitial nsfw_high_precision',
  )
  const followedSpam = { labels: ['adult', 'spam'] }
  expect(verdict('home', followedSpam)).toBe('drop spam')
})

it('names each rule once: names are labels of a metric', () => {
  const names = VISIBILITY_RULES.recommendations.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(names.every((name) => /^[a-z_]+$/.test(name))).toBe(true)
})

it('says truly which rules need a label: without one they never apply', () => {
  const hidden = { ...repost(100, AUTHOR, post(90, 9)), sensitive: true, subscribersOnly: true }
  const author = user(AUTHOR, { state: 'suspended', isAdult: true, isProtected: true })
  const subjects: readonly VisibilitySubject[] = [post(100, AUTHOR), hidden].flatMap((shown) =>
    [author, user(AUTHOR), null].map((by) => ({
      post: shown,
      author: by,
      moderation: { labels: [], takedownCountries: ['xx'] },
      authorLabels: [],
    })),
  )
  const viewer = { ...relations(), ...UNKNOWING }
  const wrong = VISIBILITY_RULES.recommendations.filter(
    ({ needsLabel, applies }) =>
      needsLabel === true && subjects.some((subject) => applies(subject, viewer)),
  )
  expect(wrong.map(({ name }) => name)).toEqual([])
  const needing = VISIBILITY_RULES.recommendations.filter(({ needsLabel }) => needsLabel === true)
  expect(needing.length).toBeGreaterThan(30)
})

const UNKNOWING = {
  account: null,
  viewerId: VIEWER,
  followedIds: new Set<never>(),
  countryCode: null,
  nowMs: NOW_MS,
  authorLists: NO_AUTHOR_LISTS,
}
