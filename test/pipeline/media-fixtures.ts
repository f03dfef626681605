import type { MediaRecord, PostRecord } from '../../src/store/records.ts'

/** A picture on a post. */
export function media({ id }: PostRecord, more: Partial<MediaRecord> = {}): MediaRecord {
  return {
    postId: id,
    kind: 'image',
    url: 'https://media.example/1',
    altText: null,
    width: 100,
    height: 100,
    durationMs: null,
    ...more,
  }
}
