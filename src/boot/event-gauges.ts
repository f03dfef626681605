import type { Telemetry } from '../telemetry.ts'
import type { EventFlow } from './event-flow.ts'

/** What `/metrics` tells of the event flow. */
export function addEventGauges(telemetry: Telemetry, events: EventFlow): void {
  const { thunder, consumer } = events
  telemetry.gauge('homefeed_thunder_posts', 'Posts that Thunder holds.', () => {
    return thunder.stats().posts
  })
  telemetry.gauge('homefeed_thunder_authors', 'Authors that Thunder holds posts of.', () => {
    return thunder.stats().authors
  })
  telemetry.gauge('homefeed_thunder_evicted', 'Posts that found no room in Thunder.', () => {
    return thunder.stats().evicted
  })
  telemetry.gauges(
    {
      name: 'homefeed_event_log_lag_records',
      help: 'Records of the topic posts that Thunder has not handled yet, as last seen.',
      labelNames: ['partition'],
    },
    () =>
      consumer.lag().map(({ partition, records }) => ({
        labels: { partition: String(partition) },
        value: records,
      })),
  )
  telemetry.gauge(
    'homefeed_thunder_as_of_seconds',
    'Unix time that Thunder shows the world of: of its newest event, or of its last look.',
    () => consumer.asOfMs() / 1_000,
  )
  telemetry.gauges(
    {
      name: 'homefeed_thunder_rejected_events',
      help: 'Events of the topic posts that became dead letters since the start, by reason.',
      labelNames: ['reason'],
    },
    () =>
      Object.entries(consumer.stats().rejected).map(([reason, value]) => ({
        labels: { reason },
        value,
      })),
  )
  telemetry.gauges(
    {
      name: 'homefeed_event_log_failures',
      help: 'What Thunder met while reading since the start: failed reads, batches, gaps.',
      labelNames: ['kind'],
    },
    () => {
      const { reads, batches, gaps } = consumer.stats().failures
      return Object.entries({ reads, batches, gaps }).map(([kind, value]) => ({
        labels: { kind },
        value,
      }))
    },
  )
  addIndexGauges(telemetry, events)
  addRelayGauges(telemetry, events)
  addFactGauges(telemetry, events)
  addTrainingLogGauges(telemetry, events)
  addImpressionGauges(telemetry, events)
}

/** How full the retrieval service's index is, and how far a fill has got. */
function addIndexGauges(telemetry: Telemetry, { feeder }: EventFlow): void {
  telemetry.gauge(
    'homefeed_retrieval_index_posts',
    'Posts in the retrieval index, as the service last said.',
    () => feeder.stats().indexSize,
  )
  telemetry.gauge(
    'homefeed_retrieval_index_filled',
    '1 when the index has all that the log held when its fill began, 0 while it is filled.',
    () => Number(feeder.stats().isFilled),
  )
  telemetry.gauge(
    'homefeed_retrieval_index_fills',
    'How often an index was filled from the start: once for each process of the service.',
    () => feeder.stats().fills,
  )
  telemetry.gauges(
    {
      name: 'homefeed_retrieval_index_fill_events',
      help: 'Events of the latest fill: those read, and all.',
      labelNames: ['kind'],
    },
    () => Object.entries(feeder.progress()).map(([kind, value]) => ({ labels: { kind }, value })),
  )
  telemetry.gauges(
    {
      name: 'homefeed_retrieval_index_faults',
      help: 'Events and posts that cannot be in an index, and calls that failed and came again.',
      labelNames: ['kind'],
    },
    () => {
      const { rejected, failures } = feeder.stats()
      return Object.entries({ rejected, failures }).map(([kind, value]) => ({
        labels: { kind },
        value,
      }))
    },
  )
}

function addTrainingLogGauges(telemetry: Telemetry, { trainingLog }: EventFlow): void {
  telemetry.gauges(
    {
      name: 'homefeed_training_log_events',
      help: 'Impressions and actions that this process took in, or that came late or were wrong.',
      labelNames: ['outcome'],
    },
    () => {
      const { landed, late, rejected } = trainingLog.stats()
      const wrong = Object.values(rejected).reduce((sum, count) => sum + count, 0)
      return Object.entries({ landed, late, wrong }).map(([outcome, value]) => ({
        labels: { outcome },
        value,
      }))
    },
  )
  telemetry.gauge(
    'homefeed_training_log_rows',
    'Rows that this process wrote to the files of the training log since its start.',
    () => trainingLog.stats().written,
  )
  telemetry.gauge(
    'homefeed_training_log_failures',
    'Hours that could not be written, and lost connections; each was tried again.',
    () => trainingLog.stats().failures,
  )
}

function addImpressionGauges(telemetry: Telemetry, { impressions }: EventFlow): void {
  telemetry.gauges(
    {
      name: 'homefeed_impressions_reported',
      help: 'Impressions that this process wrote since its start, or passed over or buried.',
      labelNames: ['outcome'],
    },
    () => {
      const { applied, ignored, rejected, failures } = impressions.stats()
      const buried = Object.values(rejected).reduce((sum, count) => sum + count, 0)
      return Object.entries({ applied, ignored, buried, failures }).map(([outcome, value]) => ({
        labels: { outcome },
        value,
      }))
    },
  )
}

function addRelayGauges(telemetry: Telemetry, { relay, materialiser }: EventFlow): void {
  if (relay !== null) {
    telemetry.gauge(
      'homefeed_outbox_published_rows',
      'Rows of the outbox that this process brought into the log since its start.',
      () => relay.stats().published,
    )
    telemetry.gauge(
      'homefeed_outbox_failures',
      'Rounds of the outbox relay that failed since the start; each was tried again.',
      () => relay.stats().failures,
    )
  }
  if (materialiser !== null) {
    telemetry.gauges(
      {
        name: 'homefeed_materialised_events',
        help: 'Events that this process wrote to the database, passed over or buried.',
        labelNames: ['outcome'],
      },
      () => {
        const { applied, ignored, rejected, failures } = materialiser.stats()
        const buried = Object.values(rejected).reduce((sum, count) => sum + count, 0)
        return Object.entries({ applied, ignored, buried, failures }).map(([outcome, value]) => ({
          labels: { outcome },
          value,
        }))
      },
    )
  }
}

function addFactGauges(telemetry: Telemetry, { postFacts }: EventFlow): void {
  telemetry.gauges(
    {
      name: 'homefeed_post_facts_reads_total',
      help: 'Look-ups of what earlier requests read of posts, by kind and outcome.',
      labelNames: ['kind', 'outcome'],
    },
    () =>
      Object.entries(postFacts.stats()).flatMap(([kind, { hits, misses }]) => [
        { labels: { kind, outcome: 'hit' }, value: hits },
        { labels: { kind, outcome: 'miss' }, value: misses },
      ]),
  )
}
