import { expect, it } from 'vitest'
import { normalizeText, tokenize } from '../../../src/pipeline/muted-keywords/tokenizer.ts'

it.each([
  ['Don’t  STOP, now!', ["don't", 'stop', 'now']],
  ["'quoted' snake_case x2", ['quoted', 'snake_case', 'x2']],
  ['#Tag @Name $TSLA', ['#tag', '@name', '$tsla']],
  ['see https://example.com/a?b=1 now', ['see', 'https://example.com/a?b=1', 'now']],
  ['東京タワー ok', ['東', '京', 'タ', 'ワ', 'ー', 'ok']],
  ['#東京 ＃東京', ['#東京', '#東京']],
  ['ﬁne ＡＢＣ', ['fine', 'abc']],
  ['sp\u200Boi\u00ADler', ['spoiler']],
  ['go 🏳️‍🌈 👍🏽 🇩🇪', ['go', '🏳\u200D🌈', '👍🏽', '🇩🇪']],
  ['नमस्ते', ['नमस्ते']],
  ['... --- !', []],
])('cuts %j', (text, expected) => {
  expect(tokenize(normalizeText(text))).toEqual(expected)
})
