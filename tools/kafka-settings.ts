/** Where one broker listens and keeps its records. */
export interface KafkaSettings {
  readonly port: number
  readonly controllerPort: number
  /** Absolute. */
  readonly directory: string
  /** Hours that records are kept; -1 = for good. */
  readonly retentionHours: number
}

/**
 * `server.properties` of one node that is broker and controller, on loopback alone. Replication
 * factors of 1 and short sessions: without them the first use is slow, or fails.
 */
export function formatKafkaSettings(settings: KafkaSettings): string {
  const { port, controllerPort, directory, retentionHours } = settings
  const values: Readonly<Record<string, string | number | boolean>> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': `${directory}/data`,
    'num.partitions': 4,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'auto.create.topics.enable': false,
    'delete.topic.enable': true,
    'group.initial.rebalance.delay.ms': 0,
    'num.network.threads': 2,
    'num.io.threads': 2,
    'background.threads': 2,
    'num.recovery.threads.per.data.dir': 1,
    'log.cleaner.enable': true,
    'log.cleaner.dedupe.buffer.size': 2_097_152,
    'log.retention.hours': retentionHours,
    'controlled.shutdown.enable': false,
    'broker.heartbeat.interval.ms': 200,
    'broker.session.timeout.ms': 1_000,
    'metadata.log.max.snapshot.interval.ms': 0,
    'metadata.max.idle.interval.ms': 500,
  }
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
