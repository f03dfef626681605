import { Field, ID, InterfaceType } from 'type-graphql'

@InterfaceType('Node', {
  description:
    'Anything with a global, readable id: `post:…`, `user:…`, `item:post:…`. Arguments of one ' +
    'type and headers accept the bare number too; `node` and `nodes` do not.',
})
export abstract class NodeType {
  @Field(() => ID)
  readonly id: string

  constructor(id: string) {
    this.id = id
  }
}
