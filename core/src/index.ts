export type {
  BatchHandler,
  BatchHandlerResult,
  BatchOptions,
  BatchOutcome,
  BatchSubscribeOptions,
} from "./consume/batch/batch-handler.ts";
export { bytesCodec, jsonCodec, textCodec, type Codec } from "./declare/codec.ts";
export { systemClock, type Clock, type TimerHandle } from "./base/clock.ts";
export type { BrokerDelay, Capabilities } from "./contract/capabilities.ts";
export type { StatisticsKnown, SubscriptionStatistics } from "./contract/statistics.ts";
export type {
  AdapterOptions,
  AnytopicConfig,
  BatchConfig,
  ConnectionConfig,
  LoadedConfig,
  LoadedSubscription,
  LoadedTopic,
  SubscriptionConfig,
  TopicConfig,
} from "./config/config-types.ts";
export { connect } from "./connect.ts";
export type { Provisioning } from "./options/connect-limits.ts";
export type { PublishLimits } from "./options/publish-limits.ts";
export type { ConnectOptions, ConnectTarget } from "./connections/connect-options.ts";
export type { RegisteredAdapter } from "./connections/adapter-from-url.ts";
export type { DeadLetter, DeadLetterReason } from "./contract/dead-letter.ts";
export type { DeadLetterQueue } from "./dead-letters/dead-letter-queue.ts";
export type { FilterCondition, SubscriptionFilter } from "./declare/filter.ts";
export type { FilterRule, FilterValue } from "./contract/filter.ts";
export type { LetterScan, LetterSelection, RedriveOptions } from "./dead-letters/letter-selection.ts";
export type { Deliveries } from "./consume/deliveries.ts";
export type { Delivery, SettleOutcome } from "./consume/delivery.ts";
export type { BatchDrainOptions, DrainOptions, DrainResult } from "./consume/drain/drain-options.ts";
export type { Adapter, TopologyChange } from "./driver.ts";
export { PubSubError, type PubSubErrorCode, type PubSubErrorOptions } from "./base/errors.ts";
export type { Handler, HandlerContext, HandlerResult } from "./consume/handler-context.ts";
export type { HandlerInbox } from "./inbox/handler-inbox.ts";
export type { CircuitHealth, ConnectionHealth, Health, RateHealth, SubscriptionHealth } from "./observe/health.ts";
export type { InboxClaim, InboxStore } from "./inbox/inbox.ts";
export { silentLogger, type Logger } from "./base/logger.ts";
export { fromLogLayer, type LogLayerLike } from "./logging/from-log-layer.ts";
export { fromWinston, type WinstonLike } from "./logging/from-winston.ts";
export { healthHandler, type HealthHandlerOptions, type HealthRequest } from "./service/health-handler.ts";
export { shutdownOnSignal, type ShutdownOptions } from "./service/shutdown-on-signal.ts";
export { MemoryInbox, type MemoryInboxOptions } from "./inbox/memory-inbox.ts";
export type { DueTime, ScheduledEntry } from "./contract/due.ts";
export type { DueMessage, ScheduledMessage, ScheduleStore } from "./schedule/schedule-store.ts";
export { MemoryScheduleStore, type MemoryScheduleStoreOptions } from "./schedule/memory-schedule-store.ts";
export type { ScheduledOptions } from "./dispatch/scheduling.ts";
export type { Attributes } from "./contract/message.ts";
export type {
  AttemptEnd,
  AttemptInfo,
  BatchEnd,
  BatchInfo,
  Carrier,
  ConnectedPubSub,
  HandledBatch,
  Instrumentation,
  PublishEnd,
  PublishInfo,
  RedriveInfo,
  SettleKind,
} from "./observe/instrumentation.ts";
export type { ProcessTrace, PublishTrace } from "./observe/diagnostics.ts";
export type { Observer, PubSubEvent, SkipReason } from "./observe/observer.ts";
export type { PublishEntry, Publisher, PublishOptions, PublishResult } from "./publish/publish-options.ts";
export type { DeclarationRoute } from "./connections/declaration-route.ts";
export type { FilterPlace } from "./connections/filter-places.ts";
export type { SeekOptions } from "./connections/seek-options.ts";
export type { PlannedChange } from "./connections/provisioning.ts";
export type { ConnectionInfo } from "./connections/connection-info.ts";
export { PubSub } from "./pubsub.ts";
export { Reject } from "./consume/reject.ts";
export { RetryAfter } from "./consume/retry-after.ts";
export type { CircuitPolicy, CircuitPolicyOptions } from "./declare/circuit-policy.ts";
export type { RateLimit } from "./declare/rate-limit.ts";
export type { RetryPolicy, RetryPolicyOptions } from "./declare/retry-policy.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./declare/standard-schema.ts";
export {
  defineSubscription,
  type AnySubscription,
  type OnExpired,
  type Subscription,
  type SubscriptionOptions,
} from "./declare/subscription.ts";
export { defineTopic, type AnyTopic, type DeliveryGuarantee, type Topic, type TopicOptions } from "./declare/topic.ts";
export type { CloseOptions, SubscribeOptions, Worker } from "./consume/worker.ts";
export { VirtualClock, type AdvanceOptions } from "./base/virtual-clock.ts";
