export { bytesCodec, jsonCodec, textCodec } from "./codec.ts";
export type { Codec } from "./codec.ts";
export { systemClock } from "./clock.ts";
export type { Clock, TimerHandle } from "./clock.ts";
export type { Capabilities } from "./capabilities.ts";
export type {
  AnytopicConfig,
  ConnectionConfig,
  LoadedConfig,
  LoadedSubscription,
  LoadedTopic,
  SubscriptionConfig,
  TopicConfig,
} from "./config/config-types.ts";
export { connect } from "./connect.ts";
export type { ConnectOptions, ConnectTarget, Provisioning, PublishLimits } from "./connect-options.ts";
export type { RegisteredAdapter } from "./adapter-from-url.ts";
export type { DeadLetter, DeadLetterReason } from "./dead-letter.ts";
export type { DeadLetterQueue, LetterSelection, RedriveOptions } from "./dead-letter-queue.ts";
export type { Deliveries } from "./deliveries.ts";
export type { Delivery, SettleOutcome } from "./delivery.ts";
export type { Adapter, TopologyChange } from "./driver.ts";
export { PubSubError } from "./errors.ts";
export type { PubSubErrorCode, PubSubErrorOptions } from "./errors.ts";
export type { Handler, HandlerContext } from "./handler-context.ts";
export type { ConnectionHealth, Health, SubscriptionHealth } from "./health.ts";
export type { InboxClaim, InboxStore } from "./inbox.ts";
export { silentLogger } from "./logger.ts";
export type { Logger } from "./logger.ts";
export { MemoryInbox } from "./memory-inbox.ts";
export type { MemoryInboxOptions } from "./memory-inbox.ts";
export type { Attributes } from "./message.ts";
export type { Observer, PubSubEvent } from "./observer.ts";
export type { PublishEntry, Publisher, PublishOptions, PublishResult } from "./publish-options.ts";
export { PubSub } from "./pubsub.ts";
export type { ConnectionInfo, PlannedChange } from "./pubsub.ts";
export { Reject } from "./reject.ts";
export { RetryAfter } from "./retry-after.ts";
export type { RetryPolicy, RetryPolicyOptions } from "./retry-policy.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./standard-schema.ts";
export { defineSubscription } from "./subscription.ts";
export type { AnySubscription, Subscription, SubscriptionOptions } from "./subscription.ts";
export { defineTopic } from "./topic.ts";
export type { AnyTopic, DeliveryGuarantee, Topic, TopicOptions } from "./topic.ts";
export type { CloseOptions, SubscribeOptions, Worker } from "./worker.ts";
export { VirtualClock } from "./virtual-clock.ts";
