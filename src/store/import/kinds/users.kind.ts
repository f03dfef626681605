import { sql } from 'kysely'
import { snowflakeCreatedAtMs } from '../../../ids.ts'
import type { ImportKind, ImportRow, Reject, WriteContext } from '../import-kind.ts'
import { BadColumnError, type RowReader } from '../row-reader.ts'
import { excludedOf, lastOfEach, namesOf, unnest, type UnnestColumn } from '../unnest.ts'

const STATES = ['active', 'suspended', 'deactivated'] as const
const HANDLE = /^\S{1,64}$/

function readUser(row: RowReader, nowMs: number) {
  const id = row.id('id')
  const handle = row.text('handle', 64)
  if (!HANDLE.test(handle)) {
    throw new BadColumnError(`handle is "${handle}": give 1 to 64 characters without spaces`)
  }
  return {
    id,
    handle,
    displayName: row.optionalText('display_name', 200) ?? handle,
    bio: row.optionalText('bio', 5_000) ?? '',
    // 0 = not known: an old account.
    createdAtMs: row.optionalTimeMs('created_at') ?? snowflakeCreatedAtMs(id, nowMs) ?? 0,
    language: row.optionalText('language', 35),
    country: row.optionalText('country', 2)?.toLowerCase() ?? null,
    birthYear: row.optionalInteger('birth_year', 9_999),
    isProtected: row.flag('protected'),
    state: row.has('state') ? row.oneOf('state', STATES) : 'active',
    isAdult: row.flag('adult'),
    sensitiveOptIn: row.flag('sensitive_opt_in'),
    sellsSubscriptions: row.flag('sells_subscriptions'),
    followersCountGiven: row.optionalInteger('followers_count'),
  }
}

type ImportedUser = ReturnType<typeof readUser>

const COLUMNS: readonly UnnestColumn<ImportedUser>[] = [
  { name: 'id', type: 'bigint', value: (user) => user.id },
  { name: 'handle', type: 'text', value: (user) => user.handle },
  { name: 'display_name', type: 'text', value: (user) => user.displayName },
  { name: 'bio', type: 'text', value: (user) => user.bio },
  { name: 'created_at_ms', type: 'bigint', value: (user) => user.createdAtMs },
  { name: 'language', type: 'text', value: (user) => user.language },
  { name: 'country', type: 'text', value: (user) => user.country },
  { name: 'birth_year', type: 'integer', value: (user) => user.birthYear },
  { name: 'is_protected', type: 'boolean', value: (user) => user.isProtected },
  { name: 'state', type: 'text', value: (user) => user.state },
  { name: 'is_adult', type: 'boolean', value: (user) => user.isAdult },
  { name: 'sensitive_opt_in', type: 'boolean', value: (user) => user.sensitiveOptIn },
  { name: 'sells_subscriptions', type: 'boolean', value: (user) => user.sellsSubscriptions },
  { name: 'followers_count_given', type: 'integer', value: (user) => user.followersCountGiven },
]

async function write(
  rows: readonly ImportRow<ImportedUser>[],
  { transaction }: WriteContext,
): Promise<readonly Reject[]> {
  const handles = rows.map((row) => row.value.handle.toLowerCase())
  const { rows: taken } = await sql<{ id: string; handle: string }>`
    select id, lower(handle) as handle from users where lower(handle) = any(${handles}::text[])
  `.execute(transaction)
  const owners = new Map(taken.map((row) => [row.handle, row.id]))
  const rejects: Reject[] = []
  const free = rows.filter(({ line, text, value }) => {
    const handle = value.handle.toLowerCase()
    const owner = owners.get(handle)
    owners.set(handle, owner ?? value.id)
    if (owner === undefined || owner === value.id) return true
    const reason = `handle "${value.handle}" belongs to user ${owner}: handles are unique`
    rejects.push({ line, reason, text })
    return false
  })
  const users = lastOfEach(
    free.map((row) => row.value),
    (user) => user.id,
  )
  if (users.length === 0) return rejects
  await sql`
    insert into users (${namesOf(COLUMNS)})
    select ${namesOf(COLUMNS)} from ${unnest(COLUMNS, users)}
    on conflict (id) do update set ${excludedOf(COLUMNS, ['id'])}`.execute(transaction)
  return rejects
}

export const usersKind: ImportKind<ImportedUser> = {
  name: 'users',
  columns: [
    'id',
    'handle',
    'display_name',
    'bio',
    'created_at',
    'language',
    'country',
    'birth_year',
    'protected',
    'state',
    'adult',
    'sensitive_opt_in',
    'sells_subscriptions',
    'followers_count',
  ],
  read: readUser,
  write,
}
