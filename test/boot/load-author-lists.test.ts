import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadAuthorLists } from '../../src/boot/load-author-lists.ts'
import { NO_AUTHOR_LISTS } from '../../src/pipeline/visibility/author-lists.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'homefeed-lists-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

async function load(content: string) {
  const file = join(directory, 'lists.json')
  await writeFile(file, content)
  return loadAuthorLists(file)
}

it('reads lists, of which each may be missing', async () => {
  const lists = await load(
    '{"hidden_authors": ["12", 13], "hidden_posts": ["9223372036854775807"], ' +
      '"not_recommended_authors": ["14", "14"]}',
  )
  expect(lists).toEqual({
    hiddenAuthorIds: new Set(['12', '13']),
    hiddenPostIds: new Set(['9223372036854775807']),
    notRecommendedAuthorIds: new Set(['14']),
    trustedAuthorIds: new Set(),
  })
  expect(await load('{}')).toEqual(NO_AUTHOR_LISTS)
  expect(await loadAuthorLists(null)).toBe(NO_AUTHOR_LISTS)
})

it.each([
  ['no JSON', 'hidden', 'cannot be read as JSON'],
  ['a list', '[]', 'is not an object of lists'],
  ['an unknown list', '{"hidden": []}', 'names a list "hidden"'],
  ['no list', '{"hidden_posts": "1"}', '"hidden_posts", which is not a list'],
  ['an id of 0', '{"hidden_posts": ["0"]}', 'has "0" in "hidden_posts"'],
  ['a number that lost digits', '{"hidden_posts": [9223372036854775807]}', 'as strings'],
  ['no id', '{"trusted_authors": [null]}', 'has null in "trusted_authors"'],
  [
    'an author in two minds',
    '{"hidden_authors": ["1"], "trusted_authors": ["1"]}',
    'trusts author 1, whom another',
  ],
])('refuses %s', async (_title, content, message) => {
  await expect(load(content)).rejects.toThrow(message)
  await expect(load(content)).rejects.toThrow(/^HOMEFEED_AUTHOR_LISTS .*\.$/)
})

it('refuses a file that is not there', async () => {
  const missing = loadAuthorLists(join(directory, 'none.json'))
  await expect(missing).rejects.toThrow('none.json, which cannot be read')
})
