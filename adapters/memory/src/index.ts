export { adapterModule, memory } from "./adapter.ts";
export { destroyMemoryBroker } from "./broker/broker-registry.ts";
export type { MemoryBroker } from "./broker/memory-broker.ts";
export type { MemorySubscriptionStatistics } from "./broker/memory-subscription.ts";
export type { MemoryTopicStatistics } from "./broker/memory-topic.ts";
export { memoryCapabilities } from "./capabilities.ts";
export type { MemoryMessage } from "./codec.ts";
export type { MemoryLimits } from "./limits.ts";
export type { MemoryOptions } from "./options.ts";
