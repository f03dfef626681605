import 'reflect-metadata'
import {
  defaultFieldResolver,
  getDirectiveValues,
  isInputObjectType,
  isObjectType,
  specifiedDirectives,
} from 'graphql'
import type { GraphQLDirective, GraphQLField, GraphQLSchema } from 'graphql'
import { buildSchema } from 'type-graphql'
import { ROLES } from '../context.ts'
import type { RequestContext, Role } from '../context.ts'
import { FeedError } from '../errors.ts'
import { HomeFeedResolver } from './home-feed.resolver.ts'
import { ImageMediaType, VideoMediaType } from './media.types.ts'
import { NodeResolver } from './node.resolver.ts'
import { PostResolver } from './post.resolver.ts'
import { schemaDirectives } from './schema-directives.ts'
import { UserResolver } from './user.resolver.ts'
import { ViewerResolver } from './viewer.resolver.ts'

/** The executable schema. Roles of `@requiresRole` are enforced by the directive itself. */
export async function createSchema(): Promise<GraphQLSchema> {
  const schema = await buildSchema({
    resolvers: [HomeFeedResolver, NodeResolver, PostResolver, UserResolver, ViewerResolver],
    orphanedTypes: [ImageMediaType, VideoMediaType],
    directives: [...specifiedDirectives, ...schemaDirectives],
    validate: false,
  })
  const userBy = schema.getType('UserByInput')
  // type-graphql knows @oneOf as a directive only; graphql-js checks the flag.
  if (isInputObjectType(userBy)) userBy.isOneOf = true
  enforceRoles(schema)
  return schema
}

function enforceRoles(schema: GraphQLSchema): void {
  const directive = schema.getDirective('requiresRole')
  if (directive == null) throw new Error('The schema lacks @requiresRole.')
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      const role = requiredRole(directive, field)
      if (role !== null) requireRole(field, role)
    }
  }
}

function requiredRole(
  directive: GraphQLDirective,
  { astNode }: GraphQLField<unknown, RequestContext>,
): Role | null {
  if (astNode == null) return null
  const role = getDirectiveValues(directive, astNode)?.['role']
  return ROLES.find((each) => each === role) ?? null
}

function requireRole(field: GraphQLField<unknown, RequestContext>, role: Role): void {
  const resolve = field.resolve ?? defaultFieldResolver
  // oxlint-disable-next-line max-params -- graphql-js calls resolvers so.
  field.resolve = (source, fieldArguments, context, info) => {
    if (!hasRole(context.viewer?.roles, role)) {
      throw new FeedError('FORBIDDEN', `\`${field.name}\` needs the role ${role}.`, {
        field: field.name,
      })
    }
    return resolve(source, fieldArguments, context, info)
  }
}

/** A later role of `ROLES` includes the earlier ones. */
function hasRole(roles: ReadonlySet<Role> | undefined, needed: Role): boolean {
  return ROLES.slice(ROLES.indexOf(needed)).some((role) => roles?.has(role))
}
