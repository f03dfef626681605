import kafkajs, { type Kafka, type LogEntry } from 'kafkajs'
import { connect, type Socket } from 'node:net'
import { registerCodecs } from './codecs.ts'
import { CLIENT_RETRY, CONNECTION_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './kafka.params.ts'

registerCodecs()

export interface KafkaClientOptions {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  /** Ms to wait for an answer; default 5,000. */
  readonly requestTimeoutMs?: number
  /** Told of warnings and errors of kafkajs, which says some things nowhere else. */
  readonly onComplaint?: (message: string) => void
}

/** A kafkajs client whose connections can be cut: kafkajs tries again on a dead one for ever. */
export interface KafkaClient {
  readonly kafka: Kafka
  /** Breaks every connection; what waits on one fails at once, and is tried on a new one. */
  dropConnections(): void
  /** The same, for good. */
  destroy(): void
}

export function createKafkaClient(options: KafkaClientOptions): KafkaClient {
  const sockets = new Set<Socket>()
  let isDestroyed = false
  const dropConnections = () => {
    for (const socket of sockets) socket.destroy(new Error('the connection was given up'))
  }
  const kafka = new kafkajs.Kafka({
    clientId: 'homefeed',
    brokers: [...options.brokers],
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    retry: { ...CLIENT_RETRY, restartOnFailure: () => Promise.resolve(false) },
    logLevel: kafkajs.logLevel.WARN,
    logCreator:
      () =>
      ({ log }: LogEntry) => {
        // What a client says that we ended is our own doing.
        if (!isDestroyed) options.onComplaint?.(log.message)
      },
    socketFactory: ({ host, port, onConnect }) => {
      if (isDestroyed) throw new Error('the client was ended')
      const socket = connect({ host, port, noDelay: true }, onConnect)
      socket.setKeepAlive(true, 60_000)
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      return socket
    },
  })
  return {
    kafka,
    dropConnections,
    destroy() {
      isDestroyed = true
      dropConnections()
    },
  }
}
