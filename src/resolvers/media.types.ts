import { Field, InterfaceType, Int, ObjectType } from 'type-graphql'
import type { MediaRecord } from '../store/records.ts'

@InterfaceType('Media')
export abstract class MediaType {
  @Field(() => String)
  abstract readonly url: string

  @Field(() => String, { nullable: true, description: 'What it shows, in words.' })
  abstract readonly altText: string | null
}

@ObjectType('ImageMedia', { implements: MediaType, simpleResolvers: true })
export class ImageMediaType extends MediaType {
  readonly url: string
  readonly altText: string | null

  @Field(() => Int, { description: 'Pixels.' })
  readonly width: number

  @Field(() => Int, { description: 'Pixels.' })
  readonly height: number

  constructor(media: MediaRecord, url: string) {
    super()
    this.url = url
    this.altText = media.altText
    this.width = media.width
    this.height = media.height
  }
}

@ObjectType('VideoMedia', { implements: MediaType, simpleResolvers: true })
export class VideoMediaType extends MediaType {
  readonly url: string
  readonly altText: string | null

  @Field(() => Int)
  readonly durationMs: number

  constructor(media: MediaRecord, url: string) {
    super()
    this.url = url
    this.altText = media.altText
    this.durationMs = media.durationMs ?? 0
  }
}

/** Addresses below this server are made absolute; others stay. */
export function toMedia(media: MediaRecord, baseUrl: string): MediaType {
  const url = media.url.startsWith('/') ? baseUrl + media.url : media.url
  return media.kind === 'video' ? new VideoMediaType(media, url) : new ImageMediaType(media, url)
}
