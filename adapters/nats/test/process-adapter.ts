import { nats, type NatsOptions } from "@anytopic/nats";
import type { Adapter } from "@anytopic/core/driver";

/** For the suite's worker processes. */
export function adapter(options: NatsOptions): Adapter {
  return nats(options);
}
