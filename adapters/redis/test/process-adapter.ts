import type { Adapter } from "@anytopic/core/driver";
import { redis, type RedisOptions } from "@anytopic/redis";

/** For the suite's worker processes. */
export function adapter(options: RedisOptions): Adapter {
  return redis(options);
}
