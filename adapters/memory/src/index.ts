export { destroyMemoryBroker } from "./broker/broker-registry.ts";
export { memoryCapabilities } from "./capabilities.ts";
export type { MemoryMessage } from "./codec.ts";
export type { MemoryLimits } from "./limits.ts";
export type { MemorySubscriptionStatistics, MemoryTopicStatistics } from "./broker/memory-broker.ts";
export type { MemoryBroker } from "./broker/memory-broker.ts";
export { adapterModule, memory } from "./adapter.ts";
export type { MemoryOptions } from "./options.ts";
