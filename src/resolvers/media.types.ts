import { Field, InterfaceType, Int, ObjectType } from 'type-graphql'
import type { MediaRecord } from '../store/records.ts'

@InterfaceType('Media')
export abstract class MediaType {
  @Field(() => String)
  readonly url: string

  @Field(() => String, { nullable: true, description: 'What it shows, in words.' })
  readonly altText: string | null

  constructor(media: MediaRecord, url: string) {
    this.url = url
    this.altText = media.altText
  }
}

@ObjectType('ImageMedia', { implements: MediaType, simpleResolvers: true })
export class ImageMediaType extends MediaType {
  @Field(() => Int, { description: 'Pixels.' })
  readonly width: number

  @Field(() => Int, { description: 'Pixels.' })
  readonly height: number

  constructor(media: MediaRecord, url: string) {
    super(media, url)
    this.width = media.width
    this.height = media.height
  }
}

@ObjectType('VideoMedia', { implements: MediaType, simpleResolvers: true })
export class VideoMediaType extends MediaType {
  @Field(() => Int)
  readonly durationMs: number

  constructor(media: MediaRecord, url: string) {
    super(media, url)
    this.durationMs = media.durationMs ?? 0
  }
}

/** Addresses below this server are made absolute; others stay. */
export function toMedia(media: MediaRecord, baseUrl: string): MediaType {
  const url = media.url.startsWith('/') ? baseUrl + media.url : media.url
  return media.kind === 'video' ? new VideoMediaType(media, url) : new ImageMediaType(media, url)
}
