import {
  DirectiveLocation,
  GraphQLDirective,
  GraphQLEnumType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
} from 'graphql'
import { Directive } from 'type-graphql'
import { ROLES } from '../context.ts'
import type { Role } from '../context.ts'

const roleEnum = new GraphQLEnumType({
  name: 'Role',
  description: 'ADMIN may do what DEBUGGER may, and both what VIEWER may.',
  values: Object.fromEntries(ROLES.map((role) => [role, { value: role }])),
})

const locations = [DirectiveLocation.FIELD_DEFINITION]

/** Their definitions, for the schema. */
export const schemaDirectives: readonly GraphQLDirective[] = [
  new GraphQLDirective({
    name: 'semanticNonNull',
    description: 'Null only together with an error at the same path.',
    locations,
    args: {
      levels: {
        type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(GraphQLInt))),
        defaultValue: [0],
      },
    },
  }),
  new GraphQLDirective({
    name: 'cost',
    description: 'What selecting the field adds to the cost of an operation, which is bounded.',
    locations,
    args: { weight: { type: new GraphQLNonNull(GraphQLInt) } },
  }),
  new GraphQLDirective({
    name: 'requiresRole',
    description: 'Without the role the field is null and an error FORBIDDEN says so.',
    locations,
    args: { role: { type: new GraphQLNonNull(roleEnum) } },
  }),
]

/** Null only together with an error at the same path. */
export function SemanticNonNull(): PropertyDecorator & MethodDecorator {
  return Directive('@semanticNonNull')
}

export function Cost(weight: number): PropertyDecorator & MethodDecorator {
  return Directive(`@cost(weight: ${weight})`)
}

export function RequiresRole(role: Role): PropertyDecorator & MethodDecorator {
  return Directive(`@requiresRole(role: ${role})`)
}
