export { destroyMemoryBroker } from "./broker-registry.ts";
export { memoryCapabilities } from "./capabilities.ts";
export type { MemoryMessage } from "./codec.ts";
export type { MemoryLimits } from "./limits.ts";
export type { MemorySubscriptionStatistics, MemoryTopicStatistics } from "./memory-broker.ts";
export type { MemoryBroker } from "./memory-broker.ts";
export { adapterModule, memory } from "./options.ts";
export type { MemoryOptions } from "./options.ts";
