import { printSchemaWithDirectives } from '@graphql-tools/utils'
import { lexicographicSortSchema } from 'graphql'
import type { GraphQLSchema } from 'graphql'

/** The schema as its committed text: sorted, with the directives that graphql-js leaves out. */
export function printSchemaText(schema: GraphQLSchema): string {
  return `${printSchemaWithDirectives(lexicographicSortSchema(schema)).trim()}\n`
}
