import type { Context } from "../../context.ts";

/**
 * Brokers may take seconds to make a new queue itself durable: RabbitMQ 3.10.8, killed within a second of declaring a
 * quorum queue, never serves that queue again (seen; six seconds later it does). These behaviours test messages, on a
 * topology that has existed for a while, as in production.
 */
const AGE_MS = 6000;

export function durableTopology(context: Context): Promise<void> {
  return context.quiet(AGE_MS);
}
