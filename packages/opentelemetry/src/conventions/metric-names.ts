/**
 * Metric names of the messaging conventions, version 1.45.0 (Development), read 2026-11-26:
 * https://github.com/open-telemetry/semantic-conventions/blob/main/docs/messaging/messaging-metrics.md
 */
export const SENT_MESSAGES = "messaging.client.sent.messages";
export const CONSUMED_MESSAGES = "messaging.client.consumed.messages";
export const OPERATION_DURATION = "messaging.client.operation.duration";
export const PROCESS_DURATION = "messaging.process.duration";

/** Ours. `@anytopic/metrics` has the same names. */
export const DELIVERY_LATENCY = "anytopic.delivery.latency";
export const REDELIVERIES = "anytopic.redeliveries";
export const RETRIES = "anytopic.retries";
export const DEAD_LETTERS = "anytopic.dead.letters";
export const DEAD_LETTER_FAILED = "anytopic.dead.letter.failed";
export const LEASE_LOST = "anytopic.lease.lost";
export const SKIPPED = "anytopic.skipped";
export const BACKLOG_MESSAGES = "anytopic.backlog.messages";
export const BACKLOG_OLDEST_AGE = "anytopic.backlog.oldest.age";
export const DEAD_LETTERS_WAITING = "anytopic.dead.letters.waiting";
export const HANDLERS_RUNNING = "anytopic.handlers.running";
export const HANDLERS_ABANDONED = "anytopic.handlers.abandoned";
export const HANDLERS_CAPACITY = "anytopic.handlers.capacity";
export const SUBSCRIPTION_RECEIVING = "anytopic.subscription.receiving";
export const SUBSCRIPTION_PAUSED = "anytopic.subscription.paused";
export const CIRCUIT_OPEN = "anytopic.circuit.open";
export const PUBLISHING = "anytopic.publishing";
export const CONNECTION_UP = "anytopic.connection.up";
export const CONNECTION_RECONNECTS = "anytopic.connection.reconnects";
export const OUTBOX_WAITING = "anytopic.outbox.waiting";
export const OUTBOX_OLDEST_AGE = "anytopic.outbox.oldest.age";
export const OUTBOX_HELD = "anytopic.outbox.held";
export const OUTBOX_PARKED = "anytopic.outbox.parked";
export const OUTBOX_PUBLISHED = "anytopic.outbox.published";

/** Attributes of our metrics. */
export const REASON = "reason";
export const STATE = "state";
export const CONNECTION = "connection";
export const OUTBOX = "outbox";

/**
 * Bounds of the duration histograms, in s. Up to 10 they are the conventions'. The others are ours, because a handler may run for as
 * long as `maxHandlingMs`, and a message may wait for longer.
 */
export const DURATION_BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300, 900,
];
