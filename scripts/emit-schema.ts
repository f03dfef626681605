/** Writes schema/schema.graphql from the resolvers: sorted, with its directives. */
import { writeFile } from 'node:fs/promises'
import { createSchema } from '../src/resolvers/create-schema.ts'
import { printSchemaText } from '../src/resolvers/print-schema-text.ts'

await writeFile(
  new URL('../schema/schema.graphql', import.meta.url),
  printSchemaText(await createSchema()),
)
