/**
 * Attribute names of the messaging conventions, version 1.45.0 (Development), read 2026-11-26:
 * https://github.com/open-telemetry/semantic-conventions/blob/main/docs/messaging/messaging-spans.md
 *
 * They are copied, because `@opentelemetry/semantic-conventions/incubating` may change in minor versions. A test compares them with
 * that package.
 */
export const SYSTEM_NAME = "messaging.system.name";
export const OPERATION_NAME = "messaging.operation.name";
export const OPERATION_TYPE = "messaging.operation.type";
export const DESTINATION_NAME = "messaging.destination.name";
export const SUBSCRIPTION_NAME = "messaging.destination.subscription.name";
export const MESSAGE_ID = "messaging.message.id";
export const BODY_SIZE = "messaging.message.body.size";
export const BATCH_MESSAGE_COUNT = "messaging.batch.message_count";
export const GCP_ORDERING_KEY = "gcp.pubsub.message.ordering_key";
export const ERROR_TYPE = "error.type";
export const EXCEPTION_TYPE = "exception.type";

/** The spellings before 1.45.0, which released instrumentations and dashboards still use. */
export const OLD_SYSTEM = "messaging.system";
export const OLD_GCP_ORDERING_KEY = "messaging.gcp_pubsub.message.ordering_key";

/** Names of events, from the same version: https://github.com/open-telemetry/semantic-conventions/blob/main/docs/messaging/messaging-exceptions.md */
export const SEND_EXCEPTION = "messaging.send.exception";
export const CREATE_EXCEPTION = "messaging.create.exception";
export const PROCESS_EXCEPTION = "messaging.process.exception";
export const RECEIVE_EXCEPTION = "messaging.receive.exception";
export const SETTLE_EXCEPTION = "messaging.settle.exception";

/** Ours, for what the conventions have no name for. */
export const ATTEMPT = "anytopic.attempt";
/** `ack`, `retry`, `dead-letter`, `release` or `lost`. */
export const OUTCOME = "anytopic.outcome";
/** Until the next attempt, in seconds. */
export const RETRY_DELAY = "anytopic.retry.delay";
/** Why the message became a dead letter. */
export const DEAD_LETTER_REASON = "anytopic.dead.letter.reason";
/** `true` when no handler and no reader got the message. */
export const SKIPPED = "anytopic.skipped";
