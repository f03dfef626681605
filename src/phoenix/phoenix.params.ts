/** Limits of the conversation with the Phoenix services. Wire: schema/phoenix.proto; rest ours. */

/** Wire: bytes of one message, either way. */
export const MESSAGE_BYTES_MAX = 32 * 1024 * 1024

/** Wire: candidates of one Rank call; more are split. */
export const CANDIDATES_PER_CALL_MAX = 5_000

/** Tries of a split request until one model has answered all of it: a swap spoils one of them. */
export const SPLIT_ROUNDS_MAX = 3

/** Wire: posts of one Retrieve answer. */
export const RETRIEVED_MAX = 5_000

/** Posts of one UpsertPosts call: the service embeds them while others wait. */
export const POSTS_PER_UPSERT_MAX = 2_000

/** Ms: how often an idle connection is tried, and how long its answer may take. */
export const KEEPALIVE_INTERVAL_MS = 30_000
export const KEEPALIVE_TIMEOUT_MS = 5_000

/** Ms between tries to connect, first and longest: a service that is back is found in 2 s. */
export const RECONNECT_FIRST_MS = 100
export const RECONNECT_LONGEST_MS = 2_000

/** Failures in a row after which a service is left alone. */
export const CIRCUIT_FAILURES_MAX = 5

/** Ms that a service is left alone before one call may try it again. */
export const CIRCUIT_OPEN_MS = 1_000

/** Ms that the health check before such a call may take: all that a frozen service costs. */
export const PROBE_TIMEOUT_MS = 300

/** Ms. A call that ends without an answer sooner says nothing about the service. */
export const UNANSWERED_MS_MIN = 250

/** Retries earned by each call, and the most that can be saved up. */
export const RETRIES_PER_CALL = 0.1
export const RETRIES_SAVED_MAX = 10

/** Ms: what is older is not offered out of network. decisions.md: 48 hours. */
export const INDEX_RETENTION_MS = 172_800_000

/** Ms between looks at whether the retrieval service has been restarted. */
export const INDEX_CHECK_INTERVAL_MS = 2_000

/** Ms that one call of the index feeder may take. */
export const INDEX_CALL_TIMEOUT_MS = 15_000
