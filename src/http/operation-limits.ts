import type { ApolloServerPlugin } from '@apollo/server'
import {
  getDirectiveValues,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
} from 'graphql'
import type {
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLDirective,
  GraphQLNamedType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql'
import type { RequestContext } from '../context.ts'
import { FeedError } from '../errors.ts'
import { toGraphqlError } from './format-error.ts'

/** Bounds of one operation, fragments spread out. */
export const OPERATION_LIMITS = {
  /** Tokens of a document; GraphiQL's introspection has about 400. */
  tokensMax: 4_000,
  depthMax: 15,
  aliasesMax: 30,
  fieldsMax: 1_000,
  /** `@cost` of all fields: ten feeds. */
  costMax: 100,
} as const

interface Measures {
  fields: number
  aliases: number
  cost: number
}

/** Refuses operations that are too deep, too wide or too dear, before anything is resolved. */
export const operationLimits: ApolloServerPlugin<RequestContext> = {
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation({ document, operation, schema }) {
        if (operation === undefined) return Promise.resolve()
        const fault = findExcess(document, operation, schema)
        if (fault === null) return Promise.resolve()
        return Promise.reject(toGraphqlError(new FeedError('LIMIT_EXCEEDED', fault), 400))
      },
    }),
}

class Walk {
  readonly measures: Measures = { fields: 0, aliases: 0, cost: 0 }
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #schema: GraphQLSchema
  readonly #costDirective: GraphQLDirective | null

  constructor(document: DocumentNode, schema: GraphQLSchema) {
    this.#schema = schema
    this.#costDirective = schema.getDirective('cost') ?? null
    this.#fragments = new Map(
      document.definitions.flatMap((definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
      ),
    )
  }

  /** The fault, or null. Stops at the first, so that spreads of spreads cost no time. */
  visit(
    selectionSet: SelectionSetNode,
    parent: GraphQLNamedType | undefined,
    depth: number,
  ): string | null {
    for (const selection of selectionSet.selections) {
      const fault = this.#visitSelection(selection, parent, depth)
      if (fault !== null) return fault
    }
    return null
  }

  #visitSelection(
    selection: SelectionSetNode['selections'][number],
    parent: GraphQLNamedType | undefined,
    depth: number,
  ): string | null {
    if (selection.kind === Kind.FIELD) return this.#visitField(selection, parent, depth)
    const target =
      selection.kind === Kind.FRAGMENT_SPREAD
        ? this.#fragments.get(selection.name.value)
        : selection
    // Unknown or cyclic spreads were refused by validation.
    if (target === undefined) return null
    const name = target.typeCondition?.name.value
    const type = name === undefined ? parent : this.#schema.getType(name)
    return this.visit(target.selectionSet, type, depth)
  }

  #visitField(
    field: FieldNode,
    parent: GraphQLNamedType | undefined,
    depth: number,
  ): string | null {
    // graphql-js bounds introspection by a rule of its own.
    if (field.name.value.startsWith('__')) return null
    const { measures } = this
    const definition =
      isObjectType(parent) || isInterfaceType(parent)
        ? parent.getFields()[field.name.value]
        : undefined
    measures.fields += 1
    if (field.alias !== undefined) measures.aliases += 1
    if (definition?.astNode != null && this.#costDirective !== null) {
      const weight = getDirectiveValues(this.#costDirective, definition.astNode)?.['weight']
      if (typeof weight === 'number') measures.cost += weight
    }
    const fault = excessOf(measures, depth)
    if (fault !== null || field.selectionSet === undefined) return fault
    const type = definition === undefined ? undefined : getNamedType(definition.type)
    return this.visit(field.selectionSet, isCompositeType(type) ? type : undefined, depth + 1)
  }
}

function excessOf({ fields, aliases, cost }: Measures, depth: number): string | null {
  const { depthMax, aliasesMax, fieldsMax, costMax } = OPERATION_LIMITS
  if (depth > depthMax) return `The operation is deeper than ${depthMax} fields.`
  if (aliases > aliasesMax) return `The operation has more than ${aliasesMax} aliases.`
  if (fields > fieldsMax) return `The operation selects more than ${fieldsMax} fields.`
  if (cost > costMax) return `The operation costs more than ${costMax}: ask in several requests.`
  return null
}

function findExcess(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  schema: GraphQLSchema,
): string | null {
  const root = schema.getRootType(operation.operation) ?? undefined
  return new Walk(document, schema).visit(operation.selectionSet, root, 1)
}
