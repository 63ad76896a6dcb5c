export { adapterModule, redis } from "./adapter.ts";
export type { RedisClient } from "./connection/dial.ts";
export { redisCapabilities } from "./capabilities.ts";
export type { RedisOptions } from "./options.ts";
