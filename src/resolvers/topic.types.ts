import { Field, ObjectType } from 'type-graphql'
import type { TopicRecord } from '../store/records.ts'
import { toGlobalTopicId } from './global-ids.ts'
import { NodeType } from './node.types.ts'

@ObjectType('Topic', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'Something to read about. Some stand for others: food for cooking, say.',
})
export class TopicType extends NodeType {
  @Field(() => String)
  readonly name: string

  constructor(record: TopicRecord) {
    super(toGlobalTopicId(record.id), 'Topic')
    this.name = record.name
  }
}
