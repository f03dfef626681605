/** Constants of the Kafka event log. Measured on one node and two cores unless said otherwise. */

/** Ms to open a connection, and to wait for an answer on one. */
export const CONNECTION_TIMEOUT_MS = 2_000
export const REQUEST_TIMEOUT_MS = 5_000

/** Tries and pauses inside kafkajs; ours begin when these are used up. */
export const CLIENT_RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 }

/** Pauses between tries of our own: of a producer, a consumer, a look at the log's ends. */
export const RETRY_BACKOFF = { firstMs: 100, longestMs: 2_000 }

/** Ms that a record waits for company: a send of its own costs 16 times the CPU. */
export const LINGER_MS = 5

/** Records of one send. */
export const RECORDS_PER_SEND_MAX = 500

/** Records on their way; more wait in `publish`. */
export const QUEUED_RECORDS_MAX = 10_000

/** Records handed over at once: about 2 ms of work, then others get their turn. */
export const RECORDS_PER_SLICE_MAX = 1_000

/** Ms that a broker holds back an answer to a reader that has everything. */
export const FETCH_WAIT_MS = 100

/** Bytes of one fetch, and of a partition in it: decoding more holds up the event loop. */
export const FETCH_BYTES_MAX = 1_048_576
export const FETCH_BYTES_PER_PARTITION = 262_144

/** A reader that is silent for this long is taken for dead by the broker. */
export const SESSION_TIMEOUT_MS = 10_000
export const HEARTBEAT_INTERVAL_MS = 1_000

/** Ms after which a reader looks for new partitions. */
export const METADATA_AGE_MS_MAX = 10_000

/** Ms between two looks at the log's ends: how old a lag may be. */
export const LAG_INTERVAL_MS = 2_000

/** Ms that ending a producer, a reader or a client may take. */
export const CLOSE_TIMEOUT_MS = 500

/** Bytes that one compressed batch may have when it is not. */
export const DECOMPRESSED_BYTES_MAX = 268_435_456
