import { sql } from 'kysely'
import type { ImportKind } from '../import-kind.ts'
import { BadColumnError } from '../row-reader.ts'
import { namesOf, unnest, type UnnestColumn } from '../unnest.ts'

interface ImportedTakedown {
  readonly postId: string
  readonly countries: readonly string[]
}

interface TakedownRow {
  readonly postId: string
  readonly country: string
}

const COLUMNS: readonly UnnestColumn<TakedownRow>[] = [
  { name: 'post_id', type: 'bigint', value: (takedown) => takedown.postId },
  { name: 'country', type: 'text', value: (takedown) => takedown.country },
]

export const takedownsKind: ImportKind<ImportedTakedown> = {
  name: 'takedowns',
  columns: ['post_id', 'countries'],
  read(row) {
    const postId = row.id('post_id')
    const countries = row.texts('countries').map((country) => country.toLowerCase())
    const wrong = countries.find((country) => !/^[a-z]{2}$/.test(country))
    if (wrong !== undefined || countries.length === 0) {
      const given = wrong === undefined ? 'is empty' : `names "${wrong}"`
      throw new BadColumnError(`countries ${given}: give two-letter codes, xx for everywhere`)
    }
    return { postId, countries }
  },
  async write(rows, { transaction }) {
    const takedowns = rows.flatMap(({ value }) =>
      value.countries.map((country) => ({ postId: value.postId, country })),
    )
    await sql`
      insert into takedowns (${namesOf(COLUMNS)})
      select ${namesOf(COLUMNS)} from ${unnest(COLUMNS, takedowns)}
      on conflict do nothing`.execute(transaction)
    return []
  },
}
