export { createOutbox } from "./create-outbox.ts";
export type { BatchOptions, Outbox, SyncOutbox } from "./outbox.ts";
export type { AsyncOutboxOptions, OutboxOptions, SyncOutboxOptions } from "./outbox-options.ts";
export type { ParkedMessage, ParkedMessages, ParkedSelection } from "./relay/parked-messages.ts";
export type { Relay } from "./relay/relay.ts";
export type { RelayHealth } from "./relay/relay-health.ts";
export type { RelayOptions } from "./relay/relay-options.ts";
export type { RelayStatistics, RelayTopicStatistics } from "./relay/relay-statistics.ts";
export type { RelayTopicHealth } from "./relay/topic-states.ts";
