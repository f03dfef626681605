import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSchema, findBreakingChanges, isInputObjectType, parse, visit } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createSchema } from '../../src/resolvers/create-schema.ts'
import { printSchemaText } from '../../src/resolvers/print-schema-text.ts'

const COMMITTED = readFileSync(join(import.meta.dirname, '../../schema/schema.graphql'), 'utf8')

/** Directives applied to fields and inputs, with how often each is. */
function countApplied(text: string): Record<string, number> {
  const counts: Record<string, number> = {}
  visit(parse(text), {
    Directive({ name: { value } }) {
      counts[value] = (counts[value] ?? 0) + 1
    },
  })
  return counts
}

describe('the schema', () => {
  it('is the committed one', async () => {
    expect(printSchemaText(await createSchema())).toBe(COMMITTED)
  })

  it('keeps its applied directives', () => {
    expect(countApplied(COMMITTED)).toEqual({
      semanticNonNull: 4,
      cost: 1,
      requiresRole: 2,
      oneOf: 1,
    })
  })

  it('is valid, and equal to what its text says', async () => {
    const schema = await createSchema()
    const read = buildSchema(COMMITTED)
    expect(findBreakingChanges(read, schema)).toEqual([])
    expect(findBreakingChanges(schema, read)).toEqual([])
    const userBy = schema.getType('UserByInput')
    expect(isInputObjectType(userBy) && userBy.isOneOf).toBe(true)
  })
})

it('knows @skip and @include', async () => {
  const schema = await createSchema()
  for (const name of ['skip', 'include']) expect(schema.getDirective(name)).toBeDefined()
})
