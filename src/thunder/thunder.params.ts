/**
 * Thunder's constants. Source A: the August release's values or third parties quoting them
 * (thunder.md 9); ours: decided in decisions.md or DECISIONS.md.
 */

/** Seconds a post is kept after its creation; one exactly this old still is. Source A: 2 days. */
export const RETENTION_SECONDS = 172_800

/** Seconds that a producer's clock may be ahead of ours. Ours. */
export const CLOCK_SKEW_SECONDS_MAX = 60

/** Originals an author in one answer. Source A. */
export const ORIGINALS_PER_AUTHOR_MAX = 50

/** Replies and reposts an author in one answer. Source A. */
export const SECONDARY_PER_AUTHOR_MAX = 30

/** Video posts an author in one answer to a video request. Source A. */
export const VIDEOS_PER_AUTHOR_MAX = 100

/** Posts looked at per author and timeline; dead and excluded ones do not count. Source A. */
export const SCANNED_PER_AUTHOR_MAX = 500

/** Authors of one request; the rest of a longer list is ignored. Source A. */
export const AUTHORS_PER_REQUEST_MAX = 10_000

/** Posts of one answer. Source A. */
export const POSTS_RETURNED_MAX = 1_200

/** Posts of one answer to a video request. Source A. */
export const VIDEOS_RETURNED_MAX = 600

/** Ms; a shorter video does not make a video post. Source A. */
export const VIDEO_DURATION_MS_MIN = 5_000

/** Ms between two removals of what has expired. Source A: 2 minutes. */
export const TRIM_INTERVAL_MS = 120_000

/** Posts and tombstones that one slice of a trim removes: 1 to 2 ms. Ours. */
export const TRIM_SLICE_SIZE = 4_000

/** What has expired since the last call and is removed by a read or write: under 1 ms. Ours. */
export const SWEPT_PER_CALL_MAX = 1_500

/** Replies and reposts of a changed post that are looked at in one go: under 1 ms. Ours. */
export const CHILDREN_PER_CALL_MAX = 2_000

/** Posts that a store holds unless told otherwise: about 220 MB when full. Ours, a guess. */
export const POSTS_MAX = 2_000_000

/** The most that a store can be told to hold: its slots are numbered in 26 bits. */
export const POSTS_MAX_LIMIT = 33_000_000

/** Followed authors in cached lists, of all viewers together: 4 bytes each. Ours, a guess. */
export const FOLLOWS_CACHED_MAX = 8_000_000

/**
 * Ms that the store may lag behind the log, or the log be out of reach, before answers say that
 * the graph is stale. Ours.
 */
export const STALE_AFTER_MS = 30_000
