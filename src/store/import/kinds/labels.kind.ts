import { sql } from 'kysely'
import { toPostId } from '../../../ids.ts'
import type { ImportKind } from '../import-kind.ts'
import { BadColumnError } from '../row-reader.ts'
import { excludedOf, lastOfEach, namesOf, unnest, type UnnestColumn } from '../unnest.ts'

interface ImportedLabel {
  readonly subjectKind: string
  readonly subjectId: string
  readonly label: string
  readonly expiresAtMs: number | null
  readonly source: string | null
}

const COLUMNS: readonly UnnestColumn<ImportedLabel>[] = [
  { name: 'subject_kind', type: 'text', value: (label) => label.subjectKind },
  { name: 'subject_id', type: 'bigint', value: (label) => label.subjectId },
  { name: 'label', type: 'text', value: (label) => label.label },
  { name: 'expires_at_ms', type: 'bigint', value: (label) => label.expiresAtMs },
  { name: 'source', type: 'text', value: (label) => label.source },
]
const KEYS = ['subject_kind', 'subject_id', 'label']

export const labelsKind: ImportKind<ImportedLabel> = {
  name: 'labels',
  columns: ['subject', 'label', 'expires_at', 'source'],
  read(row) {
    const subject = row.text('subject', 30)
    const [, subjectKind, subjectId] = /^(post|user):(.*)$/.exec(subject) ?? []
    if (subjectKind === undefined || subjectId === undefined || toPostId(subjectId) === null) {
      throw new BadColumnError(`subject is "${subject}": give post:ID or user:ID`)
    }
    return {
      subjectKind,
      subjectId,
      label: row.text('label', 100).toLowerCase(),
      expiresAtMs: row.optionalTimeMs('expires_at'),
      source: row.optionalText('source', 200),
    }
  },
  async write(rows, { transaction }) {
    const labels = lastOfEach(
      rows.map((row) => row.value),
      (label) => `${label.subjectKind} ${label.subjectId} ${label.label}`,
    )
    await sql`
      insert into visibility_labels (${namesOf(COLUMNS)})
      select ${namesOf(COLUMNS)} from ${unnest(COLUMNS, labels)}
      on conflict (subject_kind, subject_id, label)
      do update set ${excludedOf(COLUMNS, KEYS)}`.execute(transaction)
    return []
  },
}
