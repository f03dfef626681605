import { Field, ID, InterfaceType } from 'type-graphql'

@InterfaceType('Node', {
  resolveType: ({ typeName }: NodeType) => typeName,
  description:
    'Anything with a global, readable id: `post:…`, `user:…`, `topic:…`, `item:post:…`, ' +
    '`item:who-to-follow:…`, `item:prompt:…`. ' +
    'Arguments of one type and headers accept the bare number too; `node` and `nodes` do not.',
})
export abstract class NodeType {
  @Field(() => ID)
  readonly id: string

  /** Its object type: type-graphql would stop at the first interface that fits. */
  readonly typeName: string

  constructor(id: string, typeName: string) {
    this.id = id
    this.typeName = typeName
  }
}
