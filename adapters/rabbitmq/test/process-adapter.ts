import { rabbitmq, type RabbitmqOptions } from "@anytopic/rabbitmq";
import type { Adapter } from "@anytopic/core/driver";

/** For the suite's worker processes. */
export function adapter(options: RabbitmqOptions): Adapter {
  return rabbitmq(options);
}
