import { GraphQLError, GraphQLScalarType, Kind } from 'graphql'
import type { ValueNode } from 'graphql'

function parseText(name: string): {
  parseValue(value: unknown): string
  parseLiteral(node: ValueNode): string
} {
  const parseValue = (value: unknown): string => {
    if (typeof value === 'string') return value
    throw new GraphQLError(`${name} must be a string.`)
  }
  return {
    parseValue,
    parseLiteral(node) {
      if (node.kind === Kind.STRING) return node.value
      throw new GraphQLError(`${name} must be a string.`, { nodes: node })
    },
  }
}

/** Serialized from epoch ms. */
export const dateTimeScalar = new GraphQLScalarType({
  name: 'DateTime',
  description: 'ISO 8601 instant in UTC, with milliseconds.',
  serialize(value) {
    if (typeof value === 'number' && Number.isFinite(value)) return new Date(value).toISOString()
    throw new GraphQLError('DateTime must come from epoch milliseconds.')
  },
})

export const cursorScalar = new GraphQLScalarType({
  name: 'Cursor',
  description:
    'Opaque, signed place in one feed session, of constant size. Good for its viewer and filter.',
  serialize: String,
  ...parseText('Cursor'),
})

export const bigCountScalar = new GraphQLScalarType({
  name: 'BigCount',
  description: '64-bit counter, always a string.',
  serialize(value) {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
    if (typeof value === 'bigint') return String(value)
    throw new GraphQLError('BigCount must come from a whole number.')
  },
})
