export { adapterModule, redis } from "./adapter.ts";
export { redisCapabilities } from "./capabilities.ts";
export type { RedisOptions } from "./options.ts";
