import { describe, expect, it } from 'vitest'
import { compareIdsDescending, snowflakeCreatedAtMs, toPostId, toUserId } from '../src/ids.ts'

describe('ids', () => {
  it.each(['1', '9223372036854775807', '9007199254740993'])('accepts %s', (id) => {
    expect(toPostId(id)).toBe(id)
    expect(toUserId(id)).toBe(id)
  })

  it.each(['', '0', '-1', '01', '1.5', 'abc', '9223372036854775808', '99999999999999999999', ' 1'])(
    'refuses "%s"',
    (id) => {
      expect(toPostId(id)).toBeNull()
    },
  )

  it('decodes when a snowflake was made', () => {
    const madeAtMs = 1_790_000_000_123
    const id = String(BigInt(madeAtMs - 1_288_834_974_657) << 22n)
    expect(snowflakeCreatedAtMs(id, madeAtMs)).toBe(madeAtMs)
    expect(snowflakeCreatedAtMs(id, madeAtMs - 1)).toBeNull()
    expect(snowflakeCreatedAtMs('101', madeAtMs)).toBeNull()
  })

  it('orders as numbers do', () => {
    expect(['9', '10', '1', '100'].toSorted(compareIdsDescending)).toEqual(['100', '10', '9', '1'])
  })
})
